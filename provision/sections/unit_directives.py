"""Sections of unit files and the directives each knows, as systemd 252 reads them.

From systemd.unit(5), systemd.exec(5), systemd.resource-control(5), systemd.kill(5) and the page of each type;
older names that systemd still takes are among them.
"""

from __future__ import annotations

from collections.abc import Mapping

# systemd.exec(5)
EXEC = """
AmbientCapabilities AppArmorProfile BindPaths BindReadOnlyPaths CPUAffinity CPUSchedulingPolicy
CPUSchedulingPriority CPUSchedulingResetOnFork CacheDirectory CacheDirectoryMode CapabilityBoundingSet
ConfigurationDirectory ConfigurationDirectoryMode CoredumpFilter DynamicUser Environment EnvironmentFile
ExecPaths ExecSearchPath ExtensionDirectories ExtensionImages Group IOSchedulingClass IOSchedulingPriority
IPCNamespacePath IgnoreSIGPIPE InaccessibleDirectories InaccessiblePaths KeyringMode LimitAS LimitCORE
LimitCPU LimitDATA LimitFSIZE LimitLOCKS LimitMEMLOCK LimitMSGQUEUE LimitNICE LimitNOFILE LimitNPROC
LimitRSS LimitRTPRIO LimitRTTIME LimitSIGPENDING LimitSTACK LoadCredential LoadCredentialEncrypted
LockPersonality LogExtraFields LogLevelMax LogNamespace LogRateLimitBurst LogRateLimitIntervalSec
LogsDirectory LogsDirectoryMode MemoryDenyWriteExecute MountAPIVFS MountFlags MountImages NUMAMask
NUMAPolicy NetworkNamespacePath Nice NoExecPaths NoNewPrivileges OOMScoreAdjust PAMName PassEnvironment
Personality PrivateDevices PrivateIPC PrivateMounts PrivateNetwork PrivateTmp PrivateUsers ProcSubset
ProtectClock ProtectControlGroups ProtectHome ProtectHostname ProtectKernelLogs ProtectKernelModules
ProtectKernelTunables ProtectProc ProtectSystem ReadOnlyDirectories ReadOnlyPaths ReadWriteDirectories
ReadWritePaths RemoveIPC RestrictAddressFamilies RestrictFileSystems RestrictNamespaces RestrictRealtime
RestrictSUIDSGID RootDirectory RootHash RootHashSignature RootImage RootImageOptions RootVerity
RuntimeDirectory RuntimeDirectoryMode RuntimeDirectoryPreserve SELinuxContext SecureBits SetCredential
SetCredentialEncrypted SmackProcessLabel StandardError StandardInput StandardInputData StandardInputText
StandardOutput StateDirectory StateDirectoryMode SupplementaryGroups SyslogFacility SyslogIdentifier
SyslogLevel SyslogLevelPrefix SystemCallArchitectures SystemCallErrorNumber SystemCallFilter SystemCallLog
TTYColumns TTYPath TTYReset TTYRows TTYVHangup TTYVTDisallocate TemporaryFileSystem TimeoutCleanSec
TimeoutSec TimerSlackNSec UMask UnsetEnvironment User UtmpIdentifier UtmpMode WorkingDirectory
"""

# systemd.resource-control(5)
CONTROL = """
AllowedCPUs AllowedMemoryNodes BPFProgram BlockIOAccounting BlockIODeviceWeight BlockIOReadBandwidth
BlockIOWeight BlockIOWriteBandwidth CPUAccounting CPUQuota CPUQuotaPeriodSec CPUShares CPUWeight
DefaultMemoryLow DefaultMemoryMin Delegate DeviceAllow DevicePolicy DisableControllers IOAccounting
IODeviceLatencyTargetSec IODeviceWeight IOReadBandwidthMax IOReadIOPSMax IOWeight IOWriteBandwidthMax
IOWriteIOPSMax IPAccounting IPAddressAllow IPAddressDeny IPEgressFilterPath IPIngressFilterPath
ManagedOOMMemoryPressure ManagedOOMMemoryPressureLimit ManagedOOMPreference ManagedOOMSwap
MemoryAccounting MemoryHigh MemoryLimit MemoryLow MemoryMax MemoryMin MemorySwapMax
RestrictNetworkInterfaces Slice SocketBindAllow SocketBindDeny StartupAllowedCPUs
StartupAllowedMemoryNodes StartupBlockIOWeight StartupCPUShares StartupCPUWeight StartupIOWeight
TasksAccounting TasksMax
"""

# systemd.kill(5)
KILL = """
FinalKillSignal KillMode KillSignal RestartKillSignal SendSIGHUP SendSIGKILL WatchdogSignal
"""

# systemd.unit(5)
UNIT = """
After AllowIsolate AssertACPower AssertArchitecture AssertCPUFeature AssertCPUPressure AssertCPUs
AssertCapability AssertControlGroupController AssertCredential AssertDirectoryNotEmpty AssertEnvironment
AssertFileIsExecutable AssertFileNotEmpty AssertFirstBoot AssertGroup AssertHost AssertIOPressure
AssertKernelCommandLine AssertKernelVersion AssertMemory AssertMemoryPressure AssertNeedsUpdate
AssertOSRelease AssertPathExists AssertPathExistsGlob AssertPathIsDirectory AssertPathIsEncrypted
AssertPathIsMountPoint AssertPathIsReadWrite AssertPathIsSymbolicLink AssertSecurity AssertUser
AssertVirtualization Before BindTo BindsTo CollectMode ConditionACPower ConditionArchitecture
ConditionCPUFeature ConditionCPUPressure ConditionCPUs ConditionCapability ConditionControlGroupController
ConditionCredential ConditionDirectoryNotEmpty ConditionEnvironment ConditionFileIsExecutable
ConditionFileNotEmpty ConditionFirmware ConditionFirstBoot ConditionGroup ConditionHost
ConditionIOPressure ConditionKernelCommandLine ConditionKernelVersion ConditionMemory
ConditionMemoryPressure ConditionNeedsUpdate ConditionOSRelease ConditionPathExists
ConditionPathExistsGlob ConditionPathIsDirectory ConditionPathIsEncrypted ConditionPathIsMountPoint
ConditionPathIsReadWrite ConditionPathIsSymbolicLink ConditionSecurity ConditionUser
ConditionVirtualization Conflicts DefaultDependencies Description Documentation FailureAction
FailureActionExitStatus IgnoreOnIsolate JobRunningTimeoutSec JobTimeoutAction JobTimeoutRebootArgument
JobTimeoutSec JoinsNamespaceOf OnFailure OnFailureIsolate OnFailureJobMode OnSuccess OnSuccessJobMode
PartOf PropagateReloadFrom PropagateReloadTo PropagatesReloadTo PropagatesStopTo RebootArgument
RefuseManualStart RefuseManualStop ReloadPropagatedFrom Requires RequiresMountsFor RequiresOverridable
Requisite RequisiteOverridable SourcePath StartLimitAction StartLimitBurst StartLimitInterval
StartLimitIntervalSec StopPropagatedFrom StopWhenUnneeded SuccessAction SuccessActionExitStatus Upholds
Wants
"""

# systemd.unit(5)
INSTALL = """
Alias Also DefaultInstance RequiredBy WantedBy
"""

# systemd.service(5)
SERVICE = """
BusName ExecCondition ExecReload ExecStart ExecStartPost ExecStartPre ExecStop ExecStopPost ExitType
FailureAction FileDescriptorStoreMax GuessMainPID NonBlocking NotifyAccess OOMPolicy PIDFile
PermissionsStartOnly RebootArgument RemainAfterExit Restart RestartForceExitStatus
RestartPreventExitStatus RestartSec RootDirectoryStartOnly RuntimeMaxSec RuntimeRandomizedExtraSec Sockets
StartLimitAction StartLimitBurst StartLimitInterval SuccessExitStatus TimeoutAbortSec
TimeoutStartFailureMode TimeoutStartSec TimeoutStopFailureMode TimeoutStopSec Type USBFunctionDescriptors
USBFunctionStrings WatchdogSec
"""

# systemd.socket(5)
SOCKET = """
Accept Backlog BindIPv6Only BindToDevice Broadcast DeferAcceptSec DirectoryMode ExecStartPost ExecStartPre
ExecStopPost ExecStopPre FileDescriptorName FlushPending FreeBind IPTOS IPTTL KeepAlive
KeepAliveIntervalSec KeepAliveProbes KeepAliveTimeSec ListenDatagram ListenFIFO ListenMessageQueue
ListenNetlink ListenSequentialPacket ListenSpecial ListenStream ListenUSBFunction Mark MaxConnections
MaxConnectionsPerSource MessageQueueMaxMessages MessageQueueMessageSize NoDelay PassCredentials
PassPacketInfo PassSecurity PipeSize Priority ReceiveBuffer RemoveOnStop ReusePort SELinuxContextFromNet
SendBuffer Service SmackLabel SmackLabelIPIn SmackLabelIPOut SocketGroup SocketMode SocketProtocol
SocketUser Symlinks TCPCongestion Timestamping Transparent TriggerLimitBurst TriggerLimitIntervalSec
Writable
"""

# systemd.timer(5)
TIMER = """
AccuracySec FixedRandomDelay OnActiveSec OnBootSec OnCalendar OnClockChange OnStartupSec OnTimezoneChange
OnUnitActiveSec OnUnitInactiveSec Persistent RandomizedDelaySec RemainAfterElapse Unit WakeSystem
"""

# systemd.path(5)
PATH = """
DirectoryMode DirectoryNotEmpty MakeDirectory PathChanged PathExists PathExistsGlob PathModified
TriggerLimitBurst TriggerLimitIntervalSec Unit
"""

# systemd.mount(5)
MOUNT = """
DirectoryMode ForceUnmount LazyUnmount Options ReadWriteOnly SloppyOptions Type What Where
"""

# systemd.automount(5)
AUTOMOUNT = """
DirectoryMode ExtraOptions TimeoutIdleSec Where
"""

# systemd.swap(5)
SWAP = """
Options Priority What
"""

# systemd.scope(5)
SCOPE = """
OOMPolicy RuntimeMaxSec RuntimeRandomizedExtraSec TimeoutStopSec
"""

DIRECTIVES: Mapping[str, frozenset[str]] = {
    "Unit": frozenset(UNIT.split()),
    "Install": frozenset(INSTALL.split()),
    "Service": frozenset((SERVICE + EXEC + CONTROL + KILL).split()),
    "Socket": frozenset((SOCKET + EXEC + CONTROL + KILL).split()),
    "Timer": frozenset(TIMER.split()),
    "Path": frozenset(PATH.split()),
    "Mount": frozenset((MOUNT + EXEC + CONTROL + KILL).split()),
    "Automount": frozenset(AUTOMOUNT.split()),
    "Swap": frozenset((SWAP + EXEC + CONTROL + KILL).split()),
    "Slice": frozenset(CONTROL.split()),
    "Scope": frozenset((SCOPE + CONTROL + KILL).split()),
}

# What networkd and udev read: systemd.network(5), systemd.netdev(5), systemd.link(5).
NETWORK = """
Match Link SR-IOV Network Address Neighbor IPv6AddressLabel RoutingPolicyRule NextHop Route DHCP DHCPv4 DHCPv6
DHCPPrefixDelegation DHCPv6PrefixDelegation IPv6AcceptRA DHCPServer DHCPServerStaticLease IPv6SendRA
IPv6PrefixDelegation IPv6Prefix IPv6RoutePrefix Bridge BridgeFDB BridgeMDB BridgeVLAN LLDP CAN IPoIB QDisc
NetworkEmulator TokenBucketFilter PIE FlowQueuePIE StochasticFairBlue StochasticFairnessQueueing BFIFO PFIFO
PFIFOHeadDrop PFIFOFast CAKE ControlledDelay DeficitRoundRobinScheduler DeficitRoundRobinSchedulerClass
EnhancedTransmissionSelection GenericRandomEarlyDetection FairQueueingControlledDelay FairQueueing
TrivialLinkEqualizer HierarchyTokenBucket HierarchyTokenBucketClass HeavyHitterFilter QuickFairQueueing
QuickFairQueueingClass TrafficControlQueueingDiscipline
"""

NETDEV = """
Match NetDev Bridge VLAN MACVLAN MACVTAP IPVLAN IPVTAP VXLAN GENEVE BareUDP L2TP L2TPSession MACsec
MACsecReceiveChannel MACsecTransmitAssociation MACsecReceiveAssociation Tunnel FooOverUDP Peer VXCAN Tun Tap
WireGuard WireGuardPeer Bond Xfrm VRF BatmanAdvanced IPoIB WLAN
"""

# The sections each type reads; systemd ignores others with a log line.
SECTIONS: Mapping[str, frozenset[str]] = {
    **{
        name.lower(): frozenset(("Unit", "Install", name))
        for name in DIRECTIVES
        if name not in ("Unit", "Install")
    },
    "network": frozenset(NETWORK.split()),
    "netdev": frozenset(NETDEV.split()),
    "link": frozenset(("Match", "Link", "SR-IOV")),
}
