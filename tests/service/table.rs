//! The table of rights, `daemon/rights.toml`, with what each member is by the word of `contract/`.

use std::collections::BTreeMap;

use steward_tests::Checkout;

/// Members that the daemon adds to the contract.
const ADDED: [(&str, &str); 3] =
    [("org.steward1.Assistant", "Metrics"), ("org.steward1.Assistant", "StopAll"), ("org.steward1.Assistant", "Undo")];

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Method,
    Property,
    Signal,
}

/// One row: a member, and the roles that may call, read or receive it.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) interface: String,
    pub(crate) member: String,
    pub(crate) kind: Kind,
    pub(crate) roles: Vec<String>,
}

impl Row {
    /// Where the member is served: the bus name and an object.
    pub(crate) fn place(&self) -> (&'static str, &'static str) {
        match self.interface.as_str() {
            "org.steward1.Plugin" => ("org.steward1.plugin.climate", "/org/steward1/plugin"),
            "org.steward1.Vehicle" | "org.steward1.Simulator" => ("org.steward1.vehicle", "/org/steward1/vehicle"),
            "org.steward1.Session" => ("org.steward1", "/org/steward1/session/1"),
            "org.steward1.PluginInfo" => ("org.steward1", "/org/steward1/plugins/climate"),
            _ => ("org.steward1", "/org/steward1"),
        }
    }

    /// Whether a role may: as the table says, and as its head says of root and the daemon's own user.
    pub(crate) fn allows(&self, role: &str) -> bool {
        let own = role == "daemon" && self.place().0 == "org.steward1";
        role == "root" || own || self.roles.iter().any(|allowed| allowed == role)
    }
}

type Text = BTreeMap<String, BTreeMap<String, Vec<String>>>;

fn read() -> Text {
    toml::from_str(&std::fs::read_to_string(Checkout::find().unwrap().path("daemon/rights.toml")).unwrap()).unwrap()
}

/// Every row.
pub(crate) fn rows() -> Vec<Row> {
    let kinds = contract();
    let mut rows = Vec::new();
    for (interface, members) in read().into_iter().filter(|(interface, _)| interface != "own") {
        for (member, roles) in members {
            let kind = kinds.get(&(interface.clone(), member.clone())).copied().unwrap_or(Kind::Method);
            rows.push(Row { interface: interface.clone(), member, kind, roles });
        }
    }
    rows
}

/// Names on the bus and the roles that may own them.
pub(crate) fn names() -> BTreeMap<String, Vec<String>> {
    read().remove("own").unwrap()
}

/// Interface and member of everything in the contract.
fn contract() -> BTreeMap<(String, String), Kind> {
    let mut found = BTreeMap::new();
    for file in ["org.steward1.xml", "org.steward1.plugin.xml", "org.steward1.vehicle.xml"] {
        let text = std::fs::read_to_string(Checkout::find().unwrap().path("contract").join(file)).unwrap();
        let mut interface = String::new();
        for tag in text.split('<').skip(1) {
            let name = || tag.split("name=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let kind = match tag.split_whitespace().next().unwrap_or_default() {
                "interface" => {
                    interface = name();
                    continue;
                }
                "method" => Kind::Method,
                "property" => Kind::Property,
                "signal" => Kind::Signal,
                _ => continue,
            };
            found.insert((interface.clone(), name()), kind);
        }
    }
    found
}

#[test]
fn every_member_of_the_contract_has_a_row() {
    let contract = contract();
    assert!(contract.len() > 40, "{contract:?}");
    let rows = rows();
    let named = |interface: &str, member: &str| rows.iter().any(|row| row.interface == interface && row.member == member);
    let missing: Vec<_> = contract.keys().filter(|(interface, member)| !named(interface, member)).collect();
    assert!(missing.is_empty(), "no rights for {missing:?}");
    let known = |row: &&Row| contract.contains_key(&(row.interface.clone(), row.member.clone()));
    let invented: Vec<_> = rows.iter().filter(|row| !known(row)).map(|row| (row.interface.as_str(), row.member.as_str())).collect();
    assert_eq!(invented, ADDED);
}
