//! Self-corrections: in "twenty four, no, twenty five" only the second number was meant.

use super::lexicon::Lexicon;
use super::number::numeral;
use super::slots::zone_expression;
use super::token::{Token, TokenKind};

/// Takes out what the speaker took back, with the words that took it back.
pub(super) fn apply(lexicon: &Lexicon, mut tokens: Vec<Token>) -> Vec<Token> {
    let mut at = 1;
    while at < tokens.len() {
        match lexicon.correction.longest(&tokens, at).and_then(|(end, _)| replaced(lexicon, &tokens, at, end)) {
            Some((from, to)) => {
                tokens.drain(from..to);
                at = from.max(1);
            }
            None => at += 1,
        }
    }
    tokens
}

/// The tokens to take out when the same kind of thing stands on both sides of the correcting words.
fn replaced(lexicon: &Lexicon, tokens: &[Token], marker: usize, after: usize) -> Option<(usize, usize)> {
    let mut next = after;
    while tokens.get(next).is_some_and(|token| token.kind == TokenKind::Separator) {
        next += 1;
    }
    let mut before = marker;
    while before > 0 && tokens[before - 1].kind == TokenKind::Separator {
        before -= 1;
    }
    let is_number = numeral(tokens, next).is_some();
    let is_zone = zone_expression(lexicon, tokens, next).is_some();
    if !is_number && !is_zone {
        return None;
    }
    // The longest number (with its unit) or zone that ends right before the marker.
    (before.saturating_sub(8)..before).find_map(|start| {
        let end = if is_number {
            let number = numeral(tokens, start)?;
            let unit = lexicon.units.longest(tokens, number.end).map_or(number.end, |(end, _)| end);
            if unit == before { unit } else { number.end }
        } else {
            zone_expression(lexicon, tokens, start)?.0
        };
        (end == before).then_some((start, next))
    })
}

#[cfg(test)]
mod tests {
    use super::super::token::tokenize;
    use super::*;

    #[test]
    fn only_the_second_try_stays() {
        let lexicon = Lexicon::shipped();
        for (said, meant) in [
            ("空调调到二十四不对二十五度", "空调调到二十五度"),
            ("set it to twenty four, no wait, twenty five degrees", "set it to twenty five degrees"),
            ("set the temperature to 24 degrees sorry 25 degrees", "set the temperature to 25 degrees"),
            ("打开主驾不对副驾的座椅加热", "打开副驾的座椅加热"),
            ("不要打开车窗", "不要打开车窗"),
            ("no problem", "no problem"),
        ] {
            let texts = |tokens: Vec<Token>| tokens.into_iter().map(|token| token.text).collect::<Vec<_>>();
            assert_eq!(texts(apply(&lexicon, tokenize(said))), texts(tokenize(meant)), "{said}");
        }
    }
}
