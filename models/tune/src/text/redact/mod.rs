//! Personal data goes before anything is stored: each find becomes a placeholder that says of what kind it was.

mod checks;
mod rules;
mod shadow;
mod spoken;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::edit::Edit;
use super::example::Field;
use shadow::Shadow;

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Personal {
    /// An address for mail, also as it is spoken ("bob at example dot com").
    Email,
    /// A position: two decimal degrees of four or more places, degrees with minutes, or a longitude or latitude that is called one.
    Coordinates,
    /// A vehicle's identification number: 17 characters whose check digit is right, or that are called one.
    Vin,
    /// A Chinese resident identity number with a date and a right check digit, or what is called one.
    IdNumber,
    /// A bank card's number: 15 to 19 digits that satisfy Luhn's check.
    Card,
    /// A telephone number of a person or firm, also as it is spoken. Short numbers such as 110 and 999 stay.
    Phone,
    /// A vehicle's plate: Chinese, British, or what is called one.
    Plate,
}

impl Personal {
    /// All kinds, in the order in which they are looked for: the first one that claims a stretch of text has it.
    pub const ALL: [Self; 7] = [Self::Email, Self::Coordinates, Self::Vin, Self::IdNumber, Self::Card, Self::Phone, Self::Plate];

    /// The name in settings and cards.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Coordinates => "coordinates",
            Self::Vin => "vin",
            Self::IdNumber => "id-number",
            Self::Card => "card",
            Self::Phone => "phone",
            Self::Plate => "plate",
        }
    }

    /// What stands in its place. A tokenizer should know these as single tokens.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Email => "[EMAIL]",
            Self::Coordinates => "[COORDINATES]",
            Self::Vin => "[VIN]",
            Self::IdNumber => "[ID]",
            Self::Card => "[CARD]",
            Self::Phone => "[PHONE]",
            Self::Plate => "[PLATE]",
        }
    }
}

/// Redacts `kinds` in one field and says what was found.
pub(crate) fn redact(field: &mut Field, kinds: &[Personal]) -> Vec<Personal> {
    let found = find(&field.text, kinds);
    let edits: Vec<Edit> = found.iter().map(|(range, kind)| Edit::new(range.clone(), kind.placeholder())).collect();
    field.edit(&edits);
    found.into_iter().map(|(_, kind)| kind).collect()
}

/// Stretches of `text` that do not overlap, in order.
fn find(text: &str, kinds: &[Personal]) -> Vec<(Range<usize>, Personal)> {
    let mut found: Vec<(Range<usize>, Personal)> = Vec::new();
    let mut claim = |range: Range<usize>, kind| {
        if !found.iter().any(|(other, _)| other.start < range.end && range.start < other.end) {
            found.push((range, kind));
        }
    };
    let shadow = Shadow::new(text);
    for kind in Personal::ALL.into_iter().filter(|kind| kinds.contains(kind)) {
        if shadow.may_have(kind) {
            rules::find(kind, shadow.text()).into_iter().for_each(|range| claim(shadow.origin(range), kind));
        }
        if kind == Personal::Phone {
            let spoken = spoken::english(text).into_iter().chain(shadow.chinese_numbers());
            spoken.for_each(|range| claim(range, kind));
        }
    }
    found.sort_by_key(|(range, _)| range.start);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::example::Role;

    fn redacted(text: &str) -> String {
        let mut field = Field::new(Role::Text, text);
        redact(&mut field, &Personal::ALL);
        field.text
    }

    /// Each line: what is said, and what is left of it.
    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(&redacted(text), expected, "{text}");
        }
    }

    fn stays(texts: &[&str]) {
        for text in texts {
            assert_eq!(&redacted(text), text);
        }
    }

    #[test]
    fn mail_addresses() {
        check(&[
            ("write to bob.smith+car@mail.example.co.uk please", "write to [EMAIL] please"),
            ("发到zhang_san@example.cn好吗", "发到[EMAIL]好吗"),
            ("邮箱：ＡＢＣ＠example.com", "邮箱：[EMAIL]"),
            ("mail bob at example dot com", "mail [EMAIL]"),
        ]);
        stays(&["meet me @ the station", "five @ 3.50", "look at example dot", "user@localhost", "@everyone"]);
    }

    #[test]
    fn coordinates() {
        check(&[
            ("go to 31.23041, 121.47370", "go to [COORDINATES]"),
            ("导航到121.4737，31.2304附近", "导航到[COORDINATES]附近"),
            ("at 40.7128N 74.0060W", "at [COORDINATES]"),
            ("position 51°30′26″N 0°7′39″W", "position [COORDINATES] [COORDINATES]"),
            ("位置北纬31.23度，东经121.47度", "位置[COORDINATES]，[COORDINATES]"),
            ("东经116度23分29秒", "[COORDINATES]"),
            ("latitude is -33.8688", "[COORDINATES]"),
        ]);
        stays(&[
            "set it to 22.5, 23.5",
            "version 1.2345",
            "北纬30度线",
            "it is 23° outside",
            "1.5, 2.5",
            "180.12345, 200.12345",
            "late 33.86",
            "[0.12345, 3.45678]",
        ]);
    }

    #[test]
    fn vehicle_numbers() {
        check(&[
            ("the VIN is 1M8GDM9AXKP042788.", "the VIN is [VIN]."),
            ("1m8gdm9axkp042788", "[VIN]"),
            ("车架号LSVAU033X72123456", "车架号[VIN]"),
        ]);
        stays(&["1M8GDM9A1KP042788", "11111111111111111x", "ABCDEFGHJKLMNPRST", "serial X1M8GDM9AXKP042788"]);
    }

    #[test]
    fn identity_numbers() {
        check(&[
            ("我的身份证是11010519491231002X", "我的身份证是[ID]"),
            ("id 110105 19491231 002x ok", "id [ID] ok"),
            ("１１０１０５１９４９１２３１００２Ｘ", "[ID]"),
            ("身份证号：110105194912310021", "身份证号：[ID]"),
            ("身份证号码110105491231002", "身份证号码[ID]"),
            ("一一零一零五一九四九一二三一零零二一的", "[PHONE]的"),
        ]);
        stays(&["110105194912310021", "110105194913310028", "订单号123456789012345678"]);
    }

    #[test]
    fn bank_cards() {
        check(&[
            ("卡号6222 0212 3456 7890 128", "卡号[CARD]"),
            ("4111-1111-1111-1111 thanks", "[CARD] thanks"),
            ("378282246310005", "[CARD]"),
        ]);
        stays(&["4111-1111-1111-1112", "1234567890123456"]);
    }

    #[test]
    fn telephones() {
        check(&[
            ("打给13812345678", "打给[PHONE]"),
            ("call +86 138-1234-5678 now", "call [PHONE] now"),
            ("１３８１２３４５６７８", "[PHONE]"),
            ("拨打幺三八幺二三四五六七八", "拨打[PHONE]"),
            ("拨打零二一六二三四五六七八八", "拨打[PHONE]"),
            ("座机010-62345678转8", "座机[PHONE]转8"),
            ("客服400-820-8820", "客服[PHONE]"),
            ("客服400-0829-115", "客服[PHONE]"),
            ("他的电话是62345678。", "他的电话是[PHONE]。"),
            ("my phone number is 3202-5625.", "my phone number is [PHONE]."),
            ("call (415) 555-2671", "call [PHONE]"),
            ("call 415-555-2671.", "call [PHONE]."),
            ("ring 020 7946 0958", "ring [PHONE]"),
            ("ring 07911 123456", "ring [PHONE]"),
            ("text +44 20 7946 0958 please", "text [PHONE] please"),
            ("dial four one five five five five two six seven one", "dial [PHONE]"),
            ("dial double four one oh five triple five", "dial [PHONE]"),
        ]);
        stays(&[
            "89 144 233 377 610 987 1597 2584",
            "打110",
            "call 999",
            "在2024年05月10日",
            "2024-05-10",
            "共12345678元",
            "票房是757930663美元",
            "电话是110",
            "the number is 42",
            "one two three four five six seven eight",
            "一二三四五六七八九",
            "一九八七年",
            "play 1989",
            "flight CA13812345678",
            "订单2138123456781",
            "3.13812345678",
            "the one two one two beat",
        ]);
    }

    #[test]
    fn plates() {
        check(&[
            ("车牌京A12345停在哪", "车牌[PLATE]停在哪"),
            ("沪AD12345", "[PLATE]"),
            ("粤B·8A91F", "[PLATE]"),
            ("粤Z1234港", "[PLATE]"),
            ("my car AB12 CDE is here", "my car [PLATE] is here"),
            ("the license plate is 7ABC123", "the license plate is [PLATE]"),
            ("车牌号是川a88888", "车牌号是[PLATE]"),
        ]);
        stays(&["新ABCDEF", "京A", "苏州12345", "go to M25 now", "ab12 cde", "number plate is dirty", "the plate on table 12"]);
    }

    #[test]
    fn only_what_is_asked_for() {
        let mut field = Field::new(Role::Text, "13812345678 a@b.cn");
        assert_eq!(redact(&mut field, &[Personal::Email]), [Personal::Email]);
        assert_eq!(field.text, "13812345678 [EMAIL]");
    }
}
