//! The part of Markdown that manuals use: headings, paragraphs, lists, tables, quoted boxes, and two markers of our
//! own, `<!-- page 12 -->` and `<!-- module wheels -->` (which holds until the next heading of its level or above).

/// A document as plain text.
#[derive(Debug)]
pub(super) struct Document {
    /// From the first `#` heading.
    pub(super) title: String,
    /// In reading order, empty ones left out.
    pub(super) sections: Vec<Section>,
}

/// The text between two headings.
#[derive(Debug, Clone)]
pub(super) struct Section {
    /// Headings from the outermost on, without the document's title.
    pub(super) path: Vec<String>,
    /// From the module marker.
    pub(super) module: String,
    /// Paragraphs, list items and table rows.
    pub(super) lines: Vec<Line>,
}

/// One paragraph, list item or table row without its markup.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Page it begins on, 0 when unknown.
    pub(super) page: u32,
    /// The text.
    pub(super) text: String,
}

/// Reads a document; an error is a line number and what is wrong there.
pub(super) fn read(text: &str) -> Result<Document, (usize, String)> {
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader.line(line.trim_end()).map_err(|message| (index + 1, message))?;
    }
    reader.end_paragraph();
    let title = reader.title.ok_or((1, "a document begins with its title: # Title".to_owned()))?;
    let sections = reader.sections.into_iter().filter(|section| !section.lines.is_empty()).collect();
    Ok(Document { title, sections })
}

#[derive(Default)]
struct Reader {
    title: Option<String>,
    sections: Vec<Section>,
    headings: Vec<(usize, String)>,
    module: String,
    page: u32,
    paragraph: String,
    quoted: bool,
    columns: Option<Vec<String>>,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let content = line.trim_start().trim_start_matches("> ").trim_start_matches('>').trim();
        let quoted = line.trim_start().starts_with('>');
        if quoted != std::mem::replace(&mut self.quoted, quoted) {
            self.end_paragraph();
        }
        if let Some(marker) = content.strip_prefix("<!--") {
            self.end_paragraph();
            return self.marker(marker.trim_end_matches("-->").trim());
        }
        if !content.starts_with('|') {
            self.columns = None;
        }
        if content.is_empty() {
            self.end_paragraph();
        } else if let Some((level, heading)) = heading(line) {
            self.end_paragraph();
            self.heading(level, inline(heading))?;
        } else if content.starts_with('|') {
            self.end_paragraph();
            self.row(content);
        } else {
            let item = list_item(content);
            // A bold line of its own opens a box: "Warning", then what it warns of.
            if item.is_some() || self.paragraph.is_empty() && is_label(content) {
                self.end_paragraph();
            }
            let text = inline(item.unwrap_or(content));
            let text = if is_label(content) { label(&text) } else { text };
            append(&mut self.paragraph, &text);
        }
        Ok(())
    }

    fn marker(&mut self, marker: &str) -> Result<(), String> {
        match marker.split_once(' ') {
            Some(("page", number)) => self.page = number.trim().parse().map_err(|_| format!("page {number:?} is not a number"))?,
            Some(("module", name)) => self.module = name.trim().to_owned(),
            _ => return Err(format!("unknown marker {marker:?}: page NUMBER or module NAME")),
        }
        if let Some(section) = self.sections.last_mut().filter(|section| section.lines.is_empty()) {
            section.module.clone_from(&self.module);
        }
        Ok(())
    }

    fn heading(&mut self, level: usize, heading: String) -> Result<(), String> {
        if level == 1 {
            if self.title.replace(heading).is_some() {
                return Err("a document has one title (#); chapters begin with ##".to_owned());
            }
            return Ok(());
        }
        if level == 2 {
            self.module.clear();
        }
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, heading));
        let path = self.headings.iter().map(|(_, heading)| heading.clone()).collect();
        self.sections.push(Section { path, module: self.module.clone(), lines: Vec::new() });
        Ok(())
    }

    /// A table row reads "first cell: column value, column value", so that it makes sense alone.
    fn row(&mut self, line: &str) {
        let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| inline(cell.trim())).collect();
        let Some(columns) = &self.columns else {
            self.columns = Some(cells);
            return;
        };
        if cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':' | ' '))) {
            return;
        }
        let han = cells.iter().any(|cell| cell.chars().any(crate::terms::is_han));
        let (colon, comma, space) = if han { ("：", "，", "") } else { (": ", ", ", " ") };
        let values = columns.iter().zip(&cells).skip(1).filter(|(_, cell)| !cell.is_empty());
        let values: Vec<String> = values.map(|(column, cell)| format!("{column}{space}{cell}").trim().to_owned()).collect();
        let text = format!("{}{colon}{}", cells[0], values.join(comma));
        self.push(text);
    }

    fn end_paragraph(&mut self) {
        let text = std::mem::take(&mut self.paragraph);
        if !text.is_empty() {
            self.push(text);
        }
    }

    fn push(&mut self, text: String) {
        if self.sections.is_empty() {
            let path = self.title.iter().cloned().collect();
            self.sections.push(Section { path, module: self.module.clone(), lines: Vec::new() });
        }
        if let Some(section) = self.sections.last_mut() {
            section.lines.push(Line { page: self.page, text });
        }
    }
}

/// Lines of a paragraph in one: with spaces between words, without between Chinese characters.
pub(super) fn join_lines(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        append(&mut joined, line);
    }
    joined
}

fn append(paragraph: &mut String, text: &str) {
    let wide = |c: char| !c.is_ascii();
    if paragraph.chars().next_back().is_some_and(|last| !wide(last) || !text.starts_with(wide)) && !paragraph.ends_with(' ') {
        paragraph.push(' ');
    }
    paragraph.push_str(text);
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    (1..=6).contains(&level).then(|| line[level..].strip_prefix(' ')).flatten().map(|heading| (level, heading.trim()))
}

fn list_item(line: &str) -> Option<&str> {
    if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
        return Some(item);
    }
    // The numbers of steps are kept: "3. Lift the floor" is how people quote a manual.
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0 && line[digits..].starts_with(". ")).then_some(line)
}

fn is_label(line: &str) -> bool {
    line.len() > 4 && line.starts_with("**") && line.ends_with("**") && !line[2..line.len() - 2].contains("**")
}

fn label(text: &str) -> String {
    if text.chars().any(crate::terms::is_han) { format!("{text}：") } else { format!("{text}: ") }
}

/// Drops emphasis, code marks and link targets.
fn inline(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        let (before, after) = rest.split_at(start);
        plain.push_str(before.trim_end_matches('!'));
        match after.find("](").and_then(|middle| after[middle..].find(')').map(|end| (middle, middle + end))) {
            Some((middle, end)) => {
                plain.push_str(&after[1..middle]);
                rest = &after[end + 1..];
            }
            None => {
                plain.push('[');
                rest = &after[1..];
            }
        }
    }
    plain.push_str(rest);
    plain.replace("**", "").replace(['*', '`'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "# Guide\n\n<!-- page 3 -->\n## Wheels\n<!-- module tyres -->\n### Pressures\nCheck them\nwhen *cold*.\n\n\
        | Axle | Normal | Full |\n| --- | --- | --- |\n| Front | 2.4 | 2.6 |\n\n> **Warning**\n> Never [guess](x).\n\n\
        <!-- page 4 -->\n1. Stop.\n2. Look.\n## Lights\nLEDs.\n";

    fn texts(section: &Section) -> Vec<&str> {
        section.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_manual_becomes_sections_of_plain_lines() {
        let document = read(SAMPLE).unwrap();
        assert_eq!(document.title, "Guide");
        assert_eq!(document.sections.len(), 2);
        let wheels = &document.sections[0];
        assert_eq!((wheels.path.join("/"), wheels.module.as_str()), ("Wheels/Pressures".to_owned(), "tyres"));
        assert_eq!(
            texts(wheels),
            ["Check them when cold.", "Front: Normal 2.4, Full 2.6", "Warning: Never guess.", "1. Stop.", "2. Look."]
        );
        assert_eq!(wheels.lines.iter().map(|line| line.page).collect::<Vec<_>>(), [3, 3, 3, 4, 4]);
        assert_eq!((document.sections[1].module.as_str(), texts(&document.sections[1])), ("", vec!["LEDs."]));
    }

    #[test]
    fn chinese_lines_join_without_a_space() {
        let document = read("# 手册\n## 轮胎\n检查\n胎压。\n> **警告**\n> 小心。\n").unwrap();
        assert_eq!(texts(&document.sections[0]), ["检查胎压。", "警告：小心。"]);
    }

    #[test]
    fn a_wrong_marker_is_named_with_its_line() {
        assert_eq!(read("# A\n<!-- page x -->\n").unwrap_err().0, 2);
        assert_eq!(read("# A\n\n<!-- pgae 3 -->\n").unwrap_err().0, 3);
        assert_eq!(read("no title\n").unwrap_err().0, 1);
    }
}
