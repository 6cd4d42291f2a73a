//! The names of weights: what others' files call them, made into the ones used here.

use super::Weights;

/// Prefixes that say which whole model the trunk came from.
const PREFIXES: [&str; 4] = ["bert.", "roberta.", "model.bert.", "0.auto_model."];

/// Removes the prefix of the trunk and gives old files' `gamma` and `beta` their present names. Names that are new after
/// this are those of Hugging Face's `BertModel` and `LlamaForCausalLM`.
pub fn standard_names(weights: Weights) -> Weights {
    weights.into_iter().filter(|(name, _)| !name.ends_with("position_ids")).map(|(name, value)| (standard(&name), value)).collect()
}

fn standard(name: &str) -> String {
    let name = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    match name.rsplit_once('.') {
        Some((stem, "gamma")) => format!("{stem}.weight"),
        Some((stem, "beta")) => format!("{stem}.bias"),
        _ => masked_head(name).unwrap_or_else(|| name.to_owned()),
    }
}

/// RoBERTa calls the parts of its word-guessing head differently.
fn masked_head(name: &str) -> Option<String> {
    let rest = name.strip_prefix("lm_head.")?;
    let part = match rest {
        "dense.weight" | "dense.bias" => format!("transform.{rest}"),
        "layer_norm.weight" | "layer_norm.bias" => format!("transform.{}", rest.replace("layer_norm", "LayerNorm")),
        "bias" => "bias".to_owned(),
        _ => return None,
    };
    Some(format!("cls.predictions.{part}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several_houses_become_one() {
        for (given, expected) in [
            ("bert.embeddings.LayerNorm.gamma", "embeddings.LayerNorm.weight"),
            ("roberta.encoder.layer.0.output.LayerNorm.beta", "encoder.layer.0.output.LayerNorm.bias"),
            ("lm_head.layer_norm.weight", "cls.predictions.transform.LayerNorm.weight"),
            ("lm_head.weight", "lm_head.weight"),
            ("model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.up_proj.weight"),
        ] {
            assert_eq!(standard(given), expected);
        }
    }
}
