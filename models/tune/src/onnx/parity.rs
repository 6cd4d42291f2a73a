//! What is exported computes what the training library computes. Tiny random networks, one for each architecture.

use crate::measure::runtime::{Input, Session};
use crate::network::encoder::{Batch, Encoder};
use crate::network::{EncoderConfig, Head, HeadKind, Parameters, Pooling, Processor, shapes};
use crate::onnx;
use crate::weights::Weights;

/// A config that is small and has no two equal sizes.
pub(crate) fn tiny(model_type: &str) -> EncoderConfig {
    EncoderConfig {
        model_type: model_type.to_owned(),
        vocab_size: 50,
        hidden_size: 24,
        num_hidden_layers: 2,
        num_attention_heads: 3,
        intermediate_size: 40,
        max_position_embeddings: 20,
        type_vocab_size: 2,
        layer_norm_eps: 1e-12,
        hidden_act: "gelu".to_owned(),
        pad_token_id: usize::from(model_type != "bert"),
    }
}

/// Heads of every kind.
pub(crate) fn heads() -> Vec<Head> {
    let labels = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let kinds = [
        ("match", HeadKind::Pair { pooling: Pooling::Cls }),
        ("nli", HeadKind::Classes { labels: labels(&["yes", "perhaps", "no"]), pooling: Pooling::Mean }),
        ("answer", HeadKind::Span),
        ("slots", HeadKind::Tags { labels: labels(&["O", "B-zone", "I-zone", "B-value", "I-value"]) }),
    ];
    kinds.into_iter().map(|(name, kind)| Head { name: name.to_owned(), kind }).collect()
}

/// Random weights whose values are large enough that mistakes show.
pub(crate) fn random(config: &EncoderConfig, heads: &[Head]) -> Weights {
    let mut wanted = shapes::encoder(config);
    wanted.extend(heads.iter().flat_map(|head| shapes::head(head, config)));
    let mut dice = crate::dice::Dice::new(5);
    let (mut weights, _) = shapes::filled(&wanted, &Weights::new(), 1).unwrap();
    weights.values_mut().flat_map(|stored| &mut stored.data).for_each(|value| *value += dice.normal() * 0.2);
    weights
}

pub(crate) fn batch() -> Batch {
    let ids = vec![vec![2, 7, 30, 41, 3], vec![2, 9, 3], vec![2, 11, 12, 13, 3, 45, 3]];
    let types = vec![vec![0; 5], vec![0; 3], vec![0, 0, 0, 0, 0, 1, 1]];
    Batch { ids, types }
}

pub(crate) fn inputs(batch: &Batch, filler: u32) -> Vec<(&'static str, Input)> {
    let (texts, width) = (batch.ids.len(), batch.width());
    let seen: Vec<Vec<u32>> = batch.ids.iter().map(|ids| vec![1; ids.len()]).collect();
    let shape = vec![texts, width];
    vec![
        ("input_ids", Input::Integers(shape.clone(), Batch::padded(&batch.ids, width, filler))),
        ("attention_mask", Input::Integers(shape.clone(), Batch::padded(&seen, width, 0))),
        ("token_type_ids", Input::Integers(shape, Batch::padded(&batch.types, width, 0))),
    ]
}

/// The largest difference; padded places do not count.
fn difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max)
}

#[test]
fn an_exported_trunk_computes_the_same() {
    for model_type in ["bert", "roberta"] {
        let (config, batch) = (tiny(model_type), batch());
        let weights = random(&config, &[]);
        let parameters = Parameters::<Processor>::new(&weights, &Default::default()).unwrap();
        let hidden = Encoder { config: &config, weights: &parameters, dropout: 0.0 }.hidden(&batch);
        let expected: Vec<f32> = hidden.rows.to_data().iter().collect();
        let mut session = Session::new(&onnx::encoder(&config, &weights, &[]).unwrap().bytes(), 1).unwrap();
        let found = session.run(&inputs(&batch, config.pad_token_id as u32)).unwrap().remove(onnx::HIDDEN).unwrap();
        assert_eq!(found.shape, [3, 7, 24]);
        for (text, &length) in hidden.lengths.iter().enumerate() {
            let range = text * 7 * 24..(text * 7 + length) * 24;
            let worst = difference(&found.data[range.clone()], &expected[range]);
            assert!(worst < 1e-4, "{model_type}: {worst}");
        }
    }
}

#[test]
fn exported_heads_compute_the_same() {
    let (config, batch, heads) = (tiny("bert"), batch(), heads());
    let weights = random(&config, &heads);
    let parameters = Parameters::<Processor>::new(&weights, &Default::default()).unwrap();
    let encoder = Encoder { config: &config, weights: &parameters, dropout: 0.0 };
    let hidden = encoder.hidden(&batch);
    let mut session = Session::new(&onnx::encoder(&config, &weights, &heads).unwrap().bytes(), 1).unwrap();
    let outputs = session.run(&inputs(&batch, 0)).unwrap();
    let pair: Vec<f32> = encoder.classified(&hidden, &heads[0], Pooling::Cls).to_data().iter().collect();
    let classes: Vec<f32> = encoder.classified(&hidden, &heads[1], Pooling::Mean).to_data().iter().collect();
    assert!(difference(&outputs["match"].data, &pair) < 1e-4);
    assert!(difference(&outputs["nli"].data, &classes) < 1e-4);
    let spans: Vec<f32> = encoder.tagged(&hidden, &heads[2]).to_data().iter().collect();
    let tags: Vec<f32> = encoder.tagged(&hidden, &heads[3]).to_data().iter().collect();
    for (text, &length) in hidden.lengths.iter().enumerate() {
        for place in 0..length {
            let row = text * hidden.width + place;
            assert!(difference(&outputs["answer_start"].data[row..=row], &spans[row * 2..=row * 2]) < 1e-4);
            assert!(difference(&outputs["answer_end"].data[row..=row], &spans[row * 2 + 1..=row * 2 + 1]) < 1e-4);
            assert!(difference(&outputs["slots"].data[row * 5..row * 5 + 5], &tags[row * 5..row * 5 + 5]) < 1e-4);
        }
    }
}

/// A small decoder of each kind: shared key heads, biases, stretched turns, a last layer of its own or not.
fn tiny_decoder(model_type: &str, scaling: &str) -> crate::network::DecoderConfig {
    let scaling = match scaling {
        "" => String::new(),
        kind => format!("[rope_scaling]\nrope_type = \"{kind}\"\nfactor = 4.0\noriginal_max_position_embeddings = 16\n"),
    };
    let tied = model_type == "qwen2";
    toml::from_str(&format!(
        "model_type = \"{model_type}\"\nvocab_size = 50\nhidden_size = 24\nintermediate_size = 40\nnum_hidden_layers = 2\n\
         num_attention_heads = 4\nnum_key_value_heads = 2\nmax_position_embeddings = 64\ntie_word_embeddings = {tied}\n{scaling}"
    ))
    .unwrap()
}

/// One run of a decoder's graph over `fresh` tokens with the past that `cache` holds; the cache grows.
fn decode(session: &mut Session, config: &crate::network::DecoderConfig, fresh: &[u32], cache: &mut Vec<(Vec<f32>, Vec<f32>)>) -> Vec<f32> {
    let (heads, width) = (config.key_value_heads(), config.head_width());
    let past = cache.first().map_or(0, |(key, _)| key.len() / heads / width);
    let total = past + fresh.len();
    let mut inputs: Vec<(String, Input)> = vec![
        ("input_ids".to_owned(), Input::Integers(vec![1, fresh.len()], fresh.iter().map(|&id| i64::from(id)).collect())),
        ("attention_mask".to_owned(), Input::Integers(vec![1, total], vec![1; total])),
        ("position_ids".to_owned(), Input::Integers(vec![1, fresh.len()], (past as i64..total as i64).collect())),
    ];
    for number in 0..config.num_hidden_layers {
        let (key, value) = cache.get(number).cloned().unwrap_or_default();
        for (part, data) in [("key", key), ("value", value)] {
            inputs.push((format!("past_key_values.{number}.{part}"), Input::Floats(vec![1, heads, past, width], data)));
        }
    }
    let inputs: Vec<(&str, Input)> = inputs.iter().map(|(name, input)| (name.as_str(), input.clone())).collect();
    let mut outputs = session.run(&inputs).unwrap();
    *cache = (0..config.num_hidden_layers)
        .map(|number| {
            let mut part = |part: &str| outputs.remove(&format!("present.{number}.{part}")).unwrap().data;
            (part("key"), part("value"))
        })
        .collect();
    outputs.remove("logits").unwrap().data
}

#[test]
fn an_exported_decoder_says_the_same_token_for_token() {
    for (model_type, scaling) in [("llama", ""), ("llama", "linear"), ("llama", "llama3"), ("qwen2", "")] {
        let config = tiny_decoder(model_type, scaling);
        let mut dice = crate::dice::Dice::new(9);
        let (mut weights, _) = shapes::filled(&shapes::decoder(&config), &Weights::new(), 2).unwrap();
        weights.values_mut().flat_map(|stored| &mut stored.data).for_each(|value| *value += dice.normal() * 0.3);
        let parameters = Parameters::<Processor>::new(&weights, &Default::default()).unwrap();
        let decoder = crate::network::decoder::Decoder { config: &config, weights: &parameters };
        let prompt = [3u32, 17, 42, 5, 8];
        let every: Vec<usize> = (0..prompt.len()).collect();
        let expected: Vec<f32> = decoder.words(decoder.hidden(&[prompt.to_vec()]), &every).to_data().iter().collect();
        let mut session = Session::new(&onnx::decoder(&config, &weights).unwrap().bytes(), 1).unwrap();
        let mut cache = Vec::new();
        let mut scores = decode(&mut session, &config, &prompt, &mut cache);
        assert!(difference(&scores, &expected) < 1e-4, "{model_type} {scaling}: {}", difference(&scores, &expected));
        let mut said = Vec::new();
        for _ in 0..20 {
            let next = crate::measure::metrics::most_likely(&scores[scores.len() - 50..]).0 as u32;
            said.push(next);
            scores = decode(&mut session, &config, &[next], &mut cache);
        }
        assert_eq!(said, decoder.greedy(&prompt, 20, None), "{model_type} {scaling}");
        // It would be easy to be equal if it always said the same word.
        assert!(said.iter().collect::<std::collections::BTreeSet<_>>().len() > 2, "{said:?}");
    }
}
