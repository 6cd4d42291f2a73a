//! From a record to examples, by the layouts that data sets come in.

use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::Layout;
use super::annotated;
use super::keys::Record;
use crate::text::example::{Example, Field, Kind, Role, Span};
use crate::text::settings::Source;

/// All examples in one record; of a passage's questions, each is an example or wrong by itself.
///
/// # Errors
/// If a field is missing or is something else.
pub(super) fn examples(value: &Value, source: &Source) -> Result<Vec<Result<Example, String>>, String> {
    let Value::Object(map) = value else { return Err("the record is not an object".to_owned()) };
    let record = Record { map, source };
    let mut examples = match layout(record)? {
        Layout::Text => vec![labeled(record, Kind::Text)],
        Layout::Labeled => vec![labeled(record, Kind::Labeled)],
        Layout::Pair => pairs(record)?.into_iter().map(Ok).collect(),
        Layout::Span => passage(record)?,
        Layout::Alpaca => alpaca(record)?.into_iter().map(Ok).collect(),
        Layout::Preference => vec![preference(record)],
        Layout::Auto | Layout::Chat | Layout::Sharegpt => vec![chat(record)],
    };
    if let Some(group) = source.group.as_ref().and_then(|key| map.get(key)) {
        let group = group.as_str().map_or_else(|| group.to_string(), str::to_owned);
        examples.iter_mut().flatten().for_each(|example| example.together = xxh3_64(group.as_bytes()).max(1));
    }
    Ok(examples)
}

/// What the record is, by its keys, unless the source says so.
fn layout(record: Record<'_>) -> Result<Layout, String> {
    if record.source.layout != Layout::Auto {
        return Ok(record.source.layout);
    }
    let has = |field| record.has(field);
    let instruction = ["instruction", "en_instruction", "zh_instruction"].iter().any(|key| record.map.contains_key(*key));
    let answered = record.map.contains_key("qas") || (has("question") && has("answers"));
    let looks = [
        (has("chosen") && has("rejected") && (has("prompt") || has("turns")), Layout::Preference),
        (has("turns"), Layout::Chat),
        (instruction, Layout::Alpaca),
        (has("context") && answered, Layout::Span),
        (record.pair().is_some(), Layout::Pair),
        (has("text") && has("label"), Layout::Labeled),
        (has("text"), Layout::Text),
    ];
    let keys = || record.map.keys().take(12).map(String::as_str).collect::<Vec<_>>().join(", ");
    looks.into_iter().find_map(|(does, layout)| does.then_some(layout)).ok_or_else(|| format!("no known layout; its keys are: {}", keys()))
}

fn labeled(record: Record<'_>, kind: Kind) -> Result<Example, String> {
    let mut field = Field::new(Role::Text, record.text("text")?);
    let label = record.label()?;
    if kind == Kind::Labeled {
        if label.is_none() {
            return Err("the label is missing".to_owned());
        }
        field.spans = match (record.get("slots"), record.map.get("annotated").and_then(Value::as_str)) {
            (Some(Value::Array(slots)), _) => slots.iter().map(|slot| span(&field.text, slot)).collect::<Result<_, _>>()?,
            (Some(_), _) => return Err("the slots are no list".to_owned()),
            (None, Some(annotated)) => annotated::slots(&field.text, annotated).unwrap_or_default(),
            (None, None) => Vec::new(),
        };
    }
    Ok(Example::new(kind, vec![field], label))
}

/// A slot with `start` and `end` in characters.
fn span(text: &str, slot: &Value) -> Result<Span, String> {
    let name = ["slot", "name", "entity", "type", "label"].iter().find_map(|key| slot.get(*key)?.as_str());
    let place = |key| slot.get(key).and_then(Value::as_u64).and_then(|place| byte(text, place as usize));
    match (name, place("start"), place("end")) {
        (Some(name), Some(start), Some(end)) if start < end => Ok(Span { range: start..end, name: name.to_owned() }),
        _ => Err(format!("a slot needs a name, and start and end within the text: {slot}")),
    }
}

/// The byte at which the character with this number begins.
fn byte(text: &str, character: usize) -> Option<usize> {
    text.char_indices().map(|(at, _)| at).chain(std::iter::once(text.len())).nth(character)
}

fn strings(value: Option<&Value>, what: &str) -> Result<Vec<String>, String> {
    let refuse = || format!("`{what}` is neither text nor a list of texts");
    match value {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![text.clone()]),
        Some(Value::Array(list)) => list.iter().map(|item| item.as_str().map(str::to_owned).ok_or_else(refuse)).collect(),
        Some(_) => Err(refuse()),
    }
}

/// One pair; with other wordings of the left side under `also`, or a list on the right, one for each.
fn pairs(record: Record<'_>) -> Result<Vec<Example>, String> {
    let (left, right) = record.pair().ok_or("a pair has two texts, such as `left` and `right` or `question` and `answer`")?;
    let text = |key: &str| record.map.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("`{key}` is not text"));
    let rights = strings(record.map.get(right), right)?;
    let negatives = strings(record.get("negatives"), "negatives")?;
    let label = record.label()?;
    let mut lefts = vec![text(left)?];
    lefts.extend(strings(record.map.get("also"), "also")?);
    let pair = |left: &String, right: &String| {
        let mut fields = vec![Field::new(Role::Left, left), Field::new(Role::Right, right)];
        fields.extend(negatives.iter().map(|text| Field::new(Role::Negative, text.clone())));
        Example::new(Kind::Pair, fields, label.clone())
    };
    Ok(lefts.iter().flat_map(|left| rights.iter().map(move |right| (left, right))).map(|(left, right)| pair(left, right)).collect())
}

/// A passage with a list `qas`, or with one question. Answers begin at `start` or `answer_start`, in characters.
fn passage(record: Record<'_>) -> Result<Vec<Result<Example, String>>, String> {
    let context = record.text("context")?;
    let asked: Vec<&Map<String, Value>> = match record.map.get("qas") {
        Some(Value::Array(list)) => list.iter().map(|item| item.as_object().ok_or("a question is no object")).collect::<Result<_, _>>()?,
        Some(_) => return Err("`qas` is no list".to_owned()),
        None => vec![record.map],
    };
    let together = xxh3_64(context.as_bytes()).max(1);
    let example = |map: &Map<String, Value>| {
        let record = Record { map, source: record.source };
        let mut field = Field::new(Role::Context, context.clone());
        field.spans = answers(&context, record.get("answers"))?;
        let mut example = Example::new(Kind::Span, vec![field, Field::new(Role::Question, record.text("question")?)], record.label()?);
        example.together = together;
        Ok(example)
    };
    Ok(asked.into_iter().map(example).collect())
}

/// Of several answers, those that stand where they say; none may be all that there is.
fn answers(context: &str, value: Option<&Value>) -> Result<Vec<Span>, String> {
    let list = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one) => vec![one],
    };
    let mut spans: Vec<Span> = Vec::new();
    let mut lost = None;
    for answer in list {
        let text =
            answer.get("text").or(Some(answer)).and_then(Value::as_str).ok_or_else(|| format!("an answer without text: {answer}"))?;
        let start = ["start", "answer_start"].iter().find_map(|key| answer.get(*key)?.as_u64());
        let start = match start {
            Some(start) => byte(context, start as usize),
            None => context.find(text),
        };
        let Some(start) = start.filter(|start| !text.is_empty() && context[*start..].starts_with(text)) else {
            lost = Some(format!("the answer \"{text}\" does not stand where it says"));
            continue;
        };
        let span = Span { range: start..start + text.len(), name: "answer".to_owned() };
        if !spans.contains(&span) {
            spans.push(span);
        }
    }
    if let Some(lost) = lost.filter(|_| spans.is_empty()) { Err(lost) } else { Ok(spans) }
}

/// `instruction`, `input`, `output`, `system`, `history`; in bilingual files with `en_` and `zh_` before them.
fn alpaca(record: Record<'_>) -> Result<Vec<Example>, String> {
    let languages = ["", "en_", "zh_"].into_iter().filter(|prefix| record.map.contains_key(&format!("{prefix}instruction")));
    let examples: Vec<Example> = languages.map(|prefix| instruction(record.map, prefix)).collect::<Result<_, String>>()?;
    if examples.is_empty() { Err("`instruction` is missing".to_owned()) } else { Ok(examples) }
}

fn instruction(map: &Map<String, Value>, prefix: &str) -> Result<Example, String> {
    let text = |key: &str| map.get(&format!("{prefix}{key}")).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let need = |key: &str| text(key).ok_or_else(|| format!("`{prefix}{key}` is missing or empty"));
    let mut fields: Vec<Field> = text("system").map(|system| Field::new(Role::System, system)).into_iter().collect();
    for pair in map.get("history").and_then(Value::as_array).into_iter().flatten() {
        let turns = strings(Some(pair), "history")?;
        let [user, assistant] = &turns[..] else { return Err("`history` is a list of pairs".to_owned()) };
        fields.extend([Field::new(Role::User, user), Field::new(Role::Assistant, assistant)]);
    }
    let asked = text("input")
        .map_or_else(|| Ok(need("instruction")?.to_owned()), |input| Ok::<_, String>(format!("{}\n{input}", need("instruction")?)))?;
    fields.extend([Field::new(Role::User, asked), Field::new(Role::Assistant, need("output")?)]);
    Ok(Example::new(Kind::Chat, fields, None))
}

fn chat(record: Record<'_>) -> Result<Example, String> {
    let list = record.get("turns").and_then(Value::as_array).ok_or("the turns are no list")?;
    let mut fields = turns(list)?;
    if let Some(system) = record.map.get("system").and_then(Value::as_str).filter(|text| !text.trim().is_empty()) {
        fields.insert(0, Field::new(Role::System, system));
    }
    for role in [Role::User, Role::Assistant] {
        if !fields.iter().any(|field| field.role == role) {
            return Err("a chat needs a turn of the user and one of the assistant".to_owned());
        }
    }
    Ok(Example::new(Kind::Chat, fields, record.label()?))
}

/// Turns with a speaker each, or plain texts of a user and an assistant by turns.
fn turns(list: &[Value]) -> Result<Vec<Field>, String> {
    let turn = |(at, value): (usize, &Value)| match value {
        Value::String(text) => Ok(Field::new(if at % 2 == 0 { Role::User } else { Role::Assistant }, text)),
        Value::Object(map) => {
            let text = |keys: &[&str]| keys.iter().find_map(|key| map.get(*key)?.as_str());
            let content = text(&["value", "content", "text"]).ok_or("a turn without text")?;
            Ok(Field::new(speaker(text(&["from", "role", "speaker"]).unwrap_or_default())?, content))
        }
        _ => Err("a turn is neither text nor an object".to_owned()),
    };
    list.iter().enumerate().map(turn).collect()
}

fn speaker(name: &str) -> Result<Role, String> {
    match name.to_lowercase().as_str() {
        "human" | "user" | "customer" | "prompter" | "driver" => Ok(Role::User),
        "gpt" | "assistant" | "bot" | "model" | "chatgpt" | "bard" | "agent" => Ok(Role::Assistant),
        "system" => Ok(Role::System),
        other => Err(format!("a turn of \"{other}\", who is neither user nor assistant nor system")),
    }
}

/// `prompt` (or turns), `chosen` and `rejected`; the latter two text, or turns of which the last one counts.
fn preference(record: Record<'_>) -> Result<Example, String> {
    let mut fields = match record.get("prompt").or(record.get("turns")) {
        Some(Value::Array(list)) => turns(list)?,
        _ => vec![Field::new(Role::User, record.text("prompt")?)],
    };
    for (field, role) in [("chosen", Role::Chosen), ("rejected", Role::Rejected)] {
        let text = match record.get(field) {
            Some(Value::Array(list)) => turns(list)?.pop().map(|turn| turn.text).ok_or_else(|| format!("`{field}` has no turn"))?,
            _ => record.text(field)?,
        };
        fields.push(Field::new(role, text));
    }
    Ok(Example::new(Kind::Preference, fields, record.label()?))
}
