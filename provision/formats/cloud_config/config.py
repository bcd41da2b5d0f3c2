"""The whole of a cloud-config: every key of cloud-init 22.4 and of those since, and what becomes of it."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from provision.formats.cloud_config.commands import Lines, translate_bootcmd, translate_runcmd
from provision.formats.cloud_config.coreos import CoreOS, translate_coreos
from provision.formats.cloud_config.coreos.addresses import check_addresses, in_ours, mentioned
from provision.formats.cloud_config.ending import (
    PhoneHome,
    PowerState,
    translate_phone_home,
    translate_power_state,
)
from provision.formats.cloud_config.hostname import Managed, Names, translate_hostname
from provision.formats.cloud_config.packages import Packages, Wishes, translate_packages
from provision.formats.cloud_config.passwords import Chpasswd, translate_passwords
from provision.formats.cloud_config.settings import (
    CaCerts,
    Keyboard,
    Ntp,
    translate_authorities,
    translate_keyboard,
    translate_locale,
    translate_ntp,
    translate_timezone,
)
from provision.formats.cloud_config.ssh import (
    SshConsole,
    SshKeys,
    translate_authorized_keys,
    translate_host_keys,
    translate_password_logins,
)
from provision.formats.cloud_config.users import (
    Accounts,
    Groups,
    User,
    Users,
    translate_groups,
    translate_users,
)
from provision.formats.cloud_config.words import SECRET, ignored, refused
from provision.formats.cloud_config.write_files import WriteFile, translate_files
from provision.formats.draft import Draft
from provision.sections.hidden import HiddenText

NO_DISKS = refused("disks are not partitioned, formatted or mounted")
NO_PROGRAM = refused("this program is not installed or configured: write packages, write_files and runcmd")
NO_SOURCES = refused("sources of packages are not configured: write them with write_files")
OTHER_DISTRIBUTION = refused("packages are Debian's")
OF_CLOUD_INIT = ignored("it is about cloud-init itself")
HOST_KEYS = ignored("host keys are the image's, or made when it first boots")


class CloudConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    hostname: str | None = None
    fqdn: str | None = None
    preserve_hostname: bool = False
    prefer_fqdn_over_hostname: bool = False
    create_hostname_file: Annotated[Any, ignored("the name is kept in /etc/hostname")] = None
    manage_etc_hosts: Managed = False
    users: Users | None = None
    user: str | User | None = None
    groups: Groups | None = None
    password: Annotated[HiddenText | None, SECRET] = None
    chpasswd: Chpasswd | None = None
    ssh_authorized_keys: tuple[str, ...] | None = None
    ssh_keys: SshKeys | None = None
    ssh_pwauth: bool | str | None = None
    disable_root: bool = True
    write_files: tuple[WriteFile, ...] = ()
    bootcmd: Lines = ()
    runcmd: Lines = ()
    packages: Packages = ()
    package_update: bool = False
    package_upgrade: bool = False
    apt_update: bool = False
    apt_upgrade: bool = False
    ntp: Ntp | None = None
    timezone: str | None = None
    locale: str | bool | None = None
    keyboard: Keyboard | None = None
    ca_certs: CaCerts | None = None
    phone_home: PhoneHome | None = None
    power_state: PowerState | None = None
    coreos: CoreOS | None = None
    ssh: SshConsole | None = None
    # What is the same machine without it.
    allow_public_ssh_keys: Annotated[Any, ignored("keys of the platform are added as its source says")] = None
    apt_pipelining: Annotated[Any, ignored("apt decides by itself")] = None
    authkey_hash: Annotated[Any, ignored("keys are not shown on the console")] = None
    byobu_by_default: Annotated[Any, refused("byobu is not started")] = None
    cloud_config_modules: Annotated[Any, OF_CLOUD_INIT] = None
    cloud_final_modules: Annotated[Any, OF_CLOUD_INIT] = None
    cloud_init_modules: Annotated[Any, OF_CLOUD_INIT] = None
    datasource: Annotated[Any, OF_CLOUD_INIT] = None
    datasource_list: Annotated[Any, OF_CLOUD_INIT] = None
    debug: Annotated[Any, OF_CLOUD_INIT] = None
    def_log_file: Annotated[Any, OF_CLOUD_INIT] = None
    disable_root_opts: Annotated[Any, ignored("root is given no key")] = None
    final_message: Annotated[Any, ignored("`provision status` and the journal say when all is done")] = None
    log_cfgs: Annotated[Any, OF_CLOUD_INIT] = None
    logcfg: Annotated[Any, OF_CLOUD_INIT] = None
    manual_cache_clean: Annotated[Any, OF_CLOUD_INIT] = None
    migrate: Annotated[Any, OF_CLOUD_INIT] = None
    no_ssh_fingerprints: Annotated[Any, ignored("keys are not shown on the console")] = None
    output: Annotated[Any, OF_CLOUD_INIT] = None
    random_seed: Annotated[Any, ignored("systemd seeds the kernel's randomness")] = None
    reporting: Annotated[Any, ignored("steps are told to whom the native section report says")] = None
    ssh_deletekeys: Annotated[Any, HOST_KEYS] = None
    ssh_fp_console_blacklist: Annotated[Any, ignored("keys are not shown on the console")] = None
    ssh_genkeytypes: Annotated[Any, HOST_KEYS] = None
    ssh_key_console_blacklist: Annotated[Any, ignored("keys are not shown on the console")] = None
    ssh_publish_hostkeys: Annotated[Any, ignored("host keys are not told to the platform")] = None
    ssh_quiet_keygen: Annotated[Any, HOST_KEYS] = None
    syslog_fix_perms: Annotated[Any, OF_CLOUD_INIT] = None
    unverified_modules: Annotated[Any, OF_CLOUD_INIT] = None
    updates: Annotated[Any, OF_CLOUD_INIT] = None
    vendor_data: Annotated[Any, ignored("vendor data is not read")] = None
    vendor_data2: Annotated[Any, ignored("vendor data is not read")] = None
    warnings: Annotated[Any, OF_CLOUD_INIT] = None
    # What would make another machine.
    ansible: Annotated[Any, NO_PROGRAM] = None
    apk_repos: Annotated[Any, OTHER_DISTRIBUTION] = None
    apt: Annotated[Any, NO_SOURCES] = None
    apt_reboot_if_required: Annotated[Any, refused("packages reboot no machine")] = None
    autoinstall: Annotated[Any, refused("no system is installed")] = None
    chef: Annotated[Any, NO_PROGRAM] = None
    device_aliases: Annotated[Any, NO_DISKS] = None
    disable_ec2_metadata: Annotated[Any, refused("the metadata service stays reachable")] = None
    disk_setup: Annotated[Any, NO_DISKS] = None
    drivers: Annotated[Any, refused("no drivers are installed")] = None
    fan: Annotated[Any, NO_PROGRAM] = None
    fs_setup: Annotated[Any, NO_DISKS] = None
    growpart: Annotated[Any, refused("partitions do not grow")] = None
    grub_dpkg: Annotated[Any, refused("the boot loader is the image's")] = None
    landscape: Annotated[Any, NO_PROGRAM] = None
    launch_index: Annotated[Any, refused("machines that are started together are not told apart")] = None
    locale_configfile: Annotated[Any, refused("the locale is kept in /etc/locale.conf")] = None
    lxd: Annotated[Any, NO_PROGRAM] = None
    manage_resolv_conf: Annotated[Any, refused("names are resolved as the network says")] = None
    mcollective: Annotated[Any, NO_PROGRAM] = None
    merge_how: Annotated[Any, refused("parts are merged entry by entry; a later one holds")] = None
    merge_type: Annotated[Any, refused("parts are merged entry by entry; a later one holds")] = None
    mount_default_fields: Annotated[Any, NO_DISKS] = None
    mounts: Annotated[Any, NO_DISKS] = None
    network: Annotated[Any, refused("the network of a cloud-config comes from its platform")] = None
    package_reboot_if_required: Annotated[Any, refused("packages reboot no machine")] = None
    puppet: Annotated[Any, NO_PROGRAM] = None
    resize_rootfs: Annotated[Any, refused("file systems do not grow")] = None
    resolv_conf: Annotated[Any, refused("names are resolved as the network says")] = None
    rh_subscription: Annotated[Any, OTHER_DISTRIBUTION] = None
    rsyslog: Annotated[Any, NO_PROGRAM] = None
    salt_minion: Annotated[Any, NO_PROGRAM] = None
    snap: Annotated[Any, NO_PROGRAM] = None
    spacewalk: Annotated[Any, OTHER_DISTRIBUTION] = None
    ssh_import_id: Annotated[Any, refused("keys are not fetched from elsewhere: write them out")] = None
    swap: Annotated[Any, NO_DISKS] = None
    system_info: Annotated[Any, refused("the default user is the one of Debian's images, or `core`")] = None
    ubuntu_advantage: Annotated[Any, OTHER_DISTRIBUTION] = None
    ubuntu_pro: Annotated[Any, OTHER_DISTRIBUTION] = None
    wireguard: Annotated[Any, NO_PROGRAM] = None
    yum_repo_dir: Annotated[Any, OTHER_DISTRIBUTION] = None
    yum_repos: Annotated[Any, OTHER_DISTRIBUTION] = None
    zypper: Annotated[Any, OTHER_DISTRIBUTION] = None


def translate(config: CloudConfig, draft: Draft) -> None:
    """With a section `coreos`, everything is meant as CoreOS meant it."""
    is_coreos = config.coreos is not None
    for problem in check_addresses(config) if is_coreos else mentioned(config):
        draft.report(problem)
    if is_coreos:
        draft.has_variables(in_ours)
    _translate_names(config, draft)
    _translate_access(config, Accounts(draft, is_coreos=is_coreos))
    translate_files(config.write_files, draft)
    _translate_settings(config, draft)
    if config.coreos is not None:
        translate_coreos(config.coreos, draft)
    # In the order in which cloud-init runs them.
    translate_bootcmd(config.bootcmd, draft)
    update, upgrade = config.package_update or config.apt_update, config.package_upgrade or config.apt_upgrade
    translate_packages(Wishes(config.packages, update, upgrade), draft)
    translate_runcmd(config.runcmd, draft)
    if config.phone_home is not None:
        translate_phone_home(config.phone_home, draft)
    if config.power_state is not None:
        translate_power_state(config.power_state, draft)


def _translate_names(config: CloudConfig, draft: Draft) -> None:
    names = Names(
        config.hostname,
        config.fqdn,
        config.preserve_hostname,
        config.prefer_fqdn_over_hostname,
        config.manage_etc_hosts,
        config.coreos is not None,
    )
    translate_hostname(names, draft)


def _translate_access(config: CloudConfig, accounts: Accounts) -> None:
    if config.users is not None:
        translate_users(config.users, config.user, accounts)
    elif config.user is not None:
        translate_users(("default",), config.user, accounts)
    if config.groups is not None:
        translate_groups(config.groups, accounts)
    translate_authorized_keys(
        config.ssh_authorized_keys, config.users is not None, config.disable_root, accounts
    )
    translate_passwords(config.chpasswd, config.password, accounts)
    if config.ssh_keys is not None:
        translate_host_keys(config.ssh_keys, accounts.draft)
    if config.ssh_pwauth is not None:
        translate_password_logins(config.ssh_pwauth, accounts.draft)


def _translate_settings(config: CloudConfig, draft: Draft) -> None:
    if config.ntp is not None:
        translate_ntp(config.ntp, draft)
    if config.timezone is not None:
        translate_timezone(config.timezone, draft)
    if isinstance(config.locale, str):
        translate_locale(config.locale, draft)
    if config.keyboard is not None:
        translate_keyboard(config.keyboard, draft)
    if config.ca_certs is not None:
        translate_authorities(config.ca_certs, "ca_certs", draft)
