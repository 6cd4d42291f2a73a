//! An outcome as the dictionary that `Invoke` answers with.

use std::collections::HashMap;

use zbus::{OwnedVariant, Variant};

use crate::bus::variant::{Dictionary, OutDictionary, from_dictionary, from_variant, to_dictionary};
use crate::invoke::{Outcome, OutcomeState};
use crate::value::{Value, Values};

/// `state` s, `reason` s, `text` s, `values` a{sv}, `writes` a{sv}.
pub(crate) fn to_bus(outcome: &Outcome) -> OutDictionary {
    HashMap::from([
        ("state".to_owned(), Variant::from(outcome.state.name())),
        ("reason".to_owned(), Variant::from(outcome.reason.clone())),
        ("text".to_owned(), Variant::from(outcome.text.clone())),
        ("values".to_owned(), Variant::from(to_dictionary(&outcome.values))),
        ("writes".to_owned(), Variant::from(to_dictionary(&outcome.writes))),
    ])
}

/// Reads what a plugin answered. Only `state` must be there; keys that are not known are for later versions.
///
/// # Errors
/// What is wrong, for the log.
pub(crate) fn from_bus(dictionary: &Dictionary) -> Result<Outcome, String> {
    let state = text(dictionary, "state")?.ok_or("the key 'state' is missing")?;
    Ok(Outcome {
        state: OutcomeState::from_name(&state).ok_or_else(|| format!("'{state}' is no state"))?,
        reason: text(dictionary, "reason")?.unwrap_or_default(),
        text: text(dictionary, "text")?.unwrap_or_default(),
        values: values(dictionary, "values")?,
        writes: values(dictionary, "writes")?,
    })
}

fn text(dictionary: &Dictionary, key: &str) -> Result<Option<String>, String> {
    match dictionary.get(key).map(|variant| from_variant(variant)) {
        None => Ok(None),
        Some(Ok(Value::Text(text))) => Ok(Some(text)),
        Some(_) => Err(format!("'{key}' is not a text")),
    }
}

fn values(dictionary: &Dictionary, key: &str) -> Result<Values, String> {
    let Some(variant) = dictionary.get(key) else { return Ok(Values::new()) };
    let wrong = || format!("'{key}' is not a dictionary a{{sv}}");
    let inner: Dictionary = HashMap::<String, OwnedVariant>::try_from(variant.try_clone().map_err(|_| wrong())?).map_err(|_| wrong())?;
    from_dictionary(&inner).map_err(|(name, problem)| format!("'{key}': {name}: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(dictionary: OutDictionary) -> Dictionary {
        dictionary.into_iter().map(|(key, value)| (key, OwnedVariant::try_from(value).expect("plain values"))).collect()
    }

    #[test]
    fn an_outcome_comes_back_as_it_left() {
        let mut outcome = Outcome::accepted().with("distance", 12.5).with("place", "Old Harbor");
        outcome.writes.insert("Vehicle.Speed".into(), 3.0.into());
        outcome.text = "On the way.".into();
        assert_eq!(from_bus(&owned(to_bus(&outcome))), Ok(outcome));
        let refused = Outcome::not(OutcomeState::Refused, "too warm");
        assert_eq!(from_bus(&owned(to_bus(&refused))), Ok(refused));
    }

    #[test]
    fn nonsense_is_named() {
        let with = |key: &str, value: Variant<'static>| {
            let mut dictionary = to_bus(&Outcome::accepted());
            dictionary.insert(key.to_owned(), value);
            from_bus(&owned(dictionary)).expect_err(key)
        };
        assert!(from_bus(&Dictionary::new()).expect_err("empty").contains("missing"));
        assert!(with("state", Variant::from("maybe")).contains("'maybe'"));
        assert!(with("state", Variant::from(1_u32)).contains("not a text"));
        assert!(with("values", Variant::from("none")).contains("dictionary"));
        assert!(with("writes", Variant::from(HashMap::from([("a", Variant::from(vec![1_u8]))]))).contains("'ay'"));
    }
}
