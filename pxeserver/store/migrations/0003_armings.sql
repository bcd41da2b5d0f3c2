-- Whether a machine boots from the network, where that is not what the inventory says.
CREATE TABLE armings (
    mac   TEXT PRIMARY KEY,
    state TEXT NOT NULL
) WITHOUT ROWID;
