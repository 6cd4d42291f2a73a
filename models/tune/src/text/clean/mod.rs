//! Cleaning: broken encodings are repaired, markup goes, control characters go, spaces are made one. Slots and answers move along.

mod characters;
mod html;
mod markdown;
mod mojibake;
mod rst;

use serde::{Deserialize, Serialize};

use super::example::Field;

/// How a source's texts are marked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Markup {
    /// Each text is looked at: HTML by its tags and entities, reStructuredText by its roles, Markdown by headings, fences and links.
    #[default]
    Auto,
    /// The texts are plain.
    None,
    /// HTML tags and entities.
    Html,
    /// Markdown, with HTML in it.
    Markdown,
    /// reStructuredText.
    Rst,
}

/// What was done to a text, for the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// A wrong decoding was undone.
    pub(crate) repaired: bool,
    /// Markup was taken out.
    pub(crate) markup: bool,
    /// The text lost characters to a wrong decoding, and they cannot be had back.
    pub(crate) broken: bool,
}

/// Cleans one field in place.
pub(crate) fn clean(field: &mut Field, markup: Markup) -> Cleaned {
    let mut cleaned = Cleaned::default();
    // A repair changes every position, so a text that something is marked in is left as it is.
    if field.spans.is_empty()
        && let Some(repaired) = mojibake::repair(&field.text)
    {
        field.text = repaired;
        cleaned.repaired = true;
    }
    cleaned.broken = mojibake::is_broken(&field.text);
    let before = field.text.len();
    for step in steps(markup, &field.text) {
        step(field);
    }
    cleaned.markup = field.text.len() != before;
    let edits = characters::tidy(&field.text);
    field.edit(&edits);
    cleaned
}

type Step = fn(&mut Field);

fn steps(markup: Markup, text: &str) -> Vec<Step> {
    match markup {
        Markup::None => Vec::new(),
        Markup::Html => vec![html::strip],
        Markup::Markdown => vec![markdown::strip, html::strip],
        Markup::Rst => vec![rst::strip],
        Markup::Auto => {
            let looks: [(bool, Step); 3] =
                [(markdown::looks_like(text), markdown::strip), (rst::looks_like(text), rst::strip), (html::looks_like(text), html::strip)];
            looks.into_iter().filter_map(|(does, step)| does.then_some(step)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::example::{Role, Span};

    fn check(markup: Markup, text: &str, expected: &str) {
        let mut field = Field::new(Role::Text, text);
        clean(&mut field, markup);
        assert_eq!(field.text, expected, "{text:?}");
    }

    #[test]
    fn plain_text_stays() {
        for text in [
            "turn on the A/C",
            "把空调调到23度",
            "a < b and c > d",
            "rock & roll",
            "C:\\temp",
            "2 * 3 * 4",
            "snake_case_name",
            "5 `o clock",
        ] {
            check(Markup::Auto, text, text);
        }
    }

    #[test]
    fn control_characters_and_spaces() {
        check(Markup::None, "\u{feff}Hi.\u{200b} there\u{7}", "Hi. there");
        check(Markup::None, "a\u{a0}\u{3000}b \t c", "a b c");
        check(Markup::None, "one\r\ntwo\r\n\r\n\r\n three  \n", "one\ntwo\n\nthree");
        check(Markup::None, "第\u{200b}一条\u{200b}", "第一条");
        check(Markup::None, "cafe\u{301}", "café");
        check(Markup::None, "\u{202e}abc\u{202c}", "abc");
        check(Markup::None, "\u{e000}图标", "图标");
    }

    #[test]
    fn html_goes() {
        check(Markup::Auto, "<p>Turn <b>on</b> the&nbsp;AC</p><p>Now</p>", "Turn on the AC\n\nNow");
        check(Markup::Auto, "a<br/>b &amp; c &#x4f60;&#22909;", "a\nb & c 你好");
        check(Markup::Auto, "x<script>if (a<b) alert('</p>')</script>y<!-- no -->z", "xyz");
        check(Markup::Auto, "<ul><li>one</li><li>two</li></ul>", "one\ntwo");
        check(Markup::Auto, "<tr><td>1</td><td>2</td></tr><tr><td>3</td></tr>", "1 2\n3");
        check(Markup::Auto, "<a href=\"x>y\">link</a>", "link");
        check(Markup::Html, "if a <unknown> b", "if a <unknown> b");
    }

    #[test]
    fn markdown_goes() {
        check(
            Markup::Markdown,
            "# Title\n\nSome **bold** and *soft* [link](http://x.y) `code`.\n\n- one\n- two\n",
            "Title\n\nSome bold and soft link code.\n\none\ntwo",
        );
        check(Markup::Markdown, "1. first\n2. second\n", "1. first\n2. second");
        check(Markup::Auto, "# 标题\n\n<!-- INFO END -->\n\n第一条 为了&lt;安全&gt;", "标题\n\n第一条 为了<安全>");
        check(Markup::Markdown, "| a | b |\n| - | - |\n| 1 | 2 |\n", "a b\n1 2");
    }

    #[test]
    fn rst_goes() {
        check(Markup::Auto, "See :func:`open` and :class:`~io.TextIOBase`.", "See open and TextIOBase.");
        check(Markup::Auto, "The ``with`` statement, see :ref:`the docs <with>`.", "The with statement, see the docs.");
        check(
            Markup::Auto,
            "generated from `reStructuredText`_ sources using `Sphinx <http://x.y>`_",
            "generated from reStructuredText sources using Sphinx",
        );
        check(Markup::Rst, "这是 **重要** 的\\ :meth:`append`\\ 方法::", "这是 重要 的append方法:");
        check(Markup::Rst, ".. versionadded:: 3.8\n   text *soft*", "text soft");
    }

    #[test]
    fn wrong_decodings_are_undone() {
        check(Markup::None, "æ‰“å¼€ç©ºè°ƒ", "打开空调");
        check(Markup::None, "cafÃ©", "café");
        check(Markup::None, "鎵撳紑绌鸿皟", "打开空调");
        for text in ["café", "naïve Ångström", "打开空调", "联通", "打开车窗，调到23度"] {
            check(Markup::None, text, text);
        }
    }

    #[test]
    fn lost_characters_are_noticed() {
        let broken = |text: &str| clean(&mut Field::new(Role::Text, text), Markup::None).broken;
        assert!(broken("打开\u{fffd}\u{fffd}调"));
        assert!(broken("锟斤拷锟斤拷"));
        assert!(!broken("打开空调"));
    }

    #[test]
    fn slots_survive_cleaning() {
        let text = "<b>Add</b>  another\u{200b} song";
        let start = text.find("song").unwrap();
        let mut field = Field::new(Role::Text, text);
        field.spans.push(Span { range: start..start + 4, name: "music_item".to_owned() });
        clean(&mut field, Markup::Auto);
        assert_eq!(field.text, "Add another song");
        assert_eq!(&field.text[field.spans[0].range.clone()], "song");
    }
}
