//! Quantizing: an fp32 graph in, the same graph with weights of 8 or 4 bits out, in operators that ONNX Runtime has fast
//! kernels for.
//!
//! `Int8` multiplies whole numbers: what a matrix meets is rounded to 8 bits while the model runs, its columns were rounded
//! before, each with its own scale, to 7 bits: without VNNI, processors add pairs of products in 16 bits, which 8 bits
//! overflow, and every machine shall compute the same. Tables keep 8 bits, each row with its own scale.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::MICROSOFT;
use super::proto::{AttributeProto, Model, Node, OperatorSet, TensorProto, kind};
use crate::TuneError;

/// What the weights become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Precision {
    /// 8-bit tables, 7-bit matrices, activations rounded while the model runs.
    Int8,
    /// 8-bit weights in blocks of 32, activations as they are (`MatMulNBits`).
    WeightsInt8,
    /// 4-bit weights in blocks of 32, activations as they are (`MatMulNBits`).
    WeightsInt4,
}

/// Values in a block that share a scale.
const BLOCK: usize = 32;
/// Tables with fewer rows stay as they are: they cost nothing.
const ROWS: usize = 64;

/// The quantized graph. Only products with constant matrices and large tables change.
pub fn quantized(model: &Model, precision: Precision) -> Result<Model, TuneError> {
    let mut model = model.clone();
    let graph = model.graph.as_mut().ok_or_else(|| TuneError::Settings("the file has no graph".to_owned()))?;
    let constants: BTreeMap<String, TensorProto> = graph.initializer.drain(..).map(|tensor| (tensor.name.clone(), tensor)).collect();
    let mut rewriter = Rewriter { constants, made: BTreeMap::new(), nodes: Vec::new(), rounded: BTreeSet::new(), precision };
    for node in graph.node.drain(..) {
        rewriter.node(node);
    }
    let used: BTreeSet<&String> = rewriter.nodes.iter().flat_map(|node| &node.input).collect();
    let kept = rewriter.constants.into_iter().chain(rewriter.made).filter(|(name, _)| used.contains(name));
    graph.initializer = kept.map(|(_, tensor)| tensor).collect();
    graph.node = rewriter.nodes;
    if precision != Precision::Int8 && model.opset_import.iter().all(|set| set.domain != MICROSOFT) {
        model.opset_import.push(OperatorSet { domain: MICROSOFT.to_owned(), version: 1 });
    }
    Ok(model)
}

struct Rewriter {
    constants: BTreeMap<String, TensorProto>,
    made: BTreeMap<String, TensorProto>,
    nodes: Vec<Node>,
    /// Values that a node rounds already.
    rounded: BTreeSet<String>,
    precision: Precision,
}

impl Rewriter {
    fn node(&mut self, node: Node) {
        let matrix =
            |tensor: Option<&TensorProto>| tensor.filter(|tensor| tensor.data_type == kind::FLOAT && tensor.dims.len() == 2).cloned();
        match node.op_type.as_str() {
            "MatMul" => {
                if let Some(weight) = node.input.get(1).and_then(|name| matrix(self.constants.get(name))) {
                    return if self.precision == Precision::Int8 { self.product(&node, &weight) } else { self.blocks(&node, &weight) };
                }
            }
            "Gather" => {
                if let Some(table) = node.input.first().and_then(|name| matrix(self.constants.get(name)))
                    && table.dims[0] as usize >= ROWS
                {
                    return self.table(&node, &table);
                }
            }
            _ => {}
        }
        self.nodes.push(node);
    }

    fn push(&mut self, operator: &str, inputs: &[&str], outputs: &[&str], attribute: Vec<AttributeProto>, domain: &str) {
        let own = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        self.nodes.push(Node {
            input: own(inputs),
            output: own(outputs),
            name: outputs[0].to_owned(),
            op_type: operator.to_owned(),
            attribute,
            domain: domain.to_owned(),
        });
    }

    fn add(&mut self, name: String, data_type: i32, dims: Vec<i64>, raw_data: Vec<u8>) {
        let tensor = TensorProto { dims, data_type, float_data: vec![], name: name.clone(), raw_data };
        self.made.insert(name, tensor);
    }

    /// value x weight as DynamicQuantizeLinear, MatMulInteger, and the scales again: the pattern that ONNX Runtime fuses.
    fn product(&mut self, node: &Node, weight: &TensorProto) {
        let (value, output, name) = (&node.input[0], &node.output[0], &weight.name);
        let values = weight.floats().unwrap_or_default();
        let columns = weight.dims[1] as usize;
        let mut scales = vec![0f32; columns];
        for row in values.chunks_exact(columns) {
            row.iter().zip(&mut scales).for_each(|(value, scale)| *scale = scale.max(value.abs()));
        }
        scales.iter_mut().for_each(|scale| *scale = if *scale > 0.0 { *scale / 63.0 } else { 1.0 });
        let whole: Vec<u8> = values
            .chunks_exact(columns)
            .flat_map(|row| row.iter().zip(&scales).map(|(value, scale)| rounded(value / scale, 63) as u8))
            .collect();
        self.add(format!("{name}_int8"), kind::INT8, weight.dims.clone(), whole);
        self.add(format!("{name}_scale"), kind::FLOAT, vec![columns as i64], bytes(&scales));
        self.add(format!("{name}_zero"), kind::INT8, vec![columns as i64], vec![0; columns]);
        let part = |ending: &str| format!("{value}_{ending}");
        if self.rounded.insert(value.clone()) {
            self.push("DynamicQuantizeLinear", &[value], &[&part("uint8"), &part("scale"), &part("zero")], vec![], "");
        }
        let own = |ending: &str| format!("{output}_{ending}");
        let inputs = [part("uint8"), format!("{name}_int8"), part("zero"), format!("{name}_zero")];
        self.push("MatMulInteger", &inputs.each_ref().map(String::as_str), &[&own("int32")], vec![], "");
        let to = AttributeProto { name: "to".to_owned(), i: i64::from(kind::FLOAT), kind: 2, ..AttributeProto::default() };
        self.push("Cast", &[&own("int32")], &[&own("whole")], vec![to], "");
        self.push("Mul", &[&part("scale"), &format!("{name}_scale")], &[&own("scales")], vec![], "");
        self.push("Mul", &[&own("whole"), &own("scales")], &[output], vec![], "");
    }

    /// A look-up in a table of 8-bit rows: the row, and its scale from a second table.
    fn table(&mut self, node: &Node, table: &TensorProto) {
        let (index, output, name) = (&node.input[1], &node.output[0], &table.name);
        let (rows, width) = (table.dims[0], table.dims[1] as usize);
        let (mut whole, mut scales) = (Vec::new(), Vec::new());
        for row in table.floats().unwrap_or_default().chunks_exact(width) {
            let highest = row.iter().fold(0f32, |highest, value| highest.max(value.abs()));
            let scale = if highest > 0.0 { highest / 127.0 } else { 1.0 };
            whole.extend(row.iter().map(|value| rounded(value / scale, 127) as u8));
            scales.push(scale);
        }
        self.add(format!("{name}_int8"), kind::INT8, table.dims.clone(), whole);
        self.add(format!("{name}_scale"), kind::FLOAT, vec![rows, 1], bytes(&scales));
        let own = |ending: &str| format!("{output}_{ending}");
        self.push("Gather", &[&format!("{name}_int8"), index], &[&own("int8")], vec![], "");
        self.push("Gather", &[&format!("{name}_scale"), index], &[&own("scale")], vec![], "");
        let to = AttributeProto { name: "to".to_owned(), i: i64::from(kind::FLOAT), kind: 2, ..AttributeProto::default() };
        self.push("Cast", &[&own("int8")], &[&own("whole")], vec![to], "");
        self.push("Mul", &[&own("whole"), &own("scale")], &[output], vec![], "");
    }

    /// value x weight as MatMulNBits: columns in blocks of 32 rows, each with a scale, around a zero point in the middle.
    fn blocks(&mut self, node: &Node, weight: &TensorProto) {
        let bits = if self.precision == Precision::WeightsInt4 { 4 } else { 8 };
        let (rows, columns) = (weight.dims[0] as usize, weight.dims[1] as usize);
        let values = weight.floats().unwrap_or_default();
        let count = rows.div_ceil(BLOCK);
        let (mut packed, mut scales) = (Vec::new(), Vec::new());
        for column in 0..columns {
            for block in 0..count {
                let value = |row: usize| if row < rows { values[row * columns + column] } else { 0.0 };
                let own: Vec<f32> = (block * BLOCK..(block + 1) * BLOCK).map(value).collect();
                scales.push(pack(&own, bits, &mut packed));
            }
        }
        let name = &weight.name;
        self.add(format!("{name}_int{bits}"), kind::UINT8, vec![columns as i64, count as i64, (BLOCK * bits / 8) as i64], packed);
        self.add(format!("{name}_scale"), kind::FLOAT, vec![(columns * count) as i64], bytes(&scales));
        let settings = [("K", rows), ("N", columns), ("bits", bits), ("block_size", BLOCK), ("accuracy_level", 4)];
        let setting =
            |(name, value): (&str, usize)| AttributeProto { name: name.to_owned(), i: value as i64, kind: 2, ..AttributeProto::default() };
        let inputs = [node.input[0].clone(), format!("{name}_int{bits}"), format!("{name}_scale")];
        let attributes = settings.into_iter().map(setting).collect();
        self.push("MatMulNBits", &inputs.each_ref().map(String::as_str), &[&node.output[0]], attributes, MICROSOFT);
    }
}

/// Packs a block and gives its scale. The value of largest size gets the end of the range that has one step more.
fn pack(values: &[f32], bits: usize, packed: &mut Vec<u8>) -> f32 {
    let middle = 1i32 << (bits - 1);
    let largest = values.iter().copied().fold(0f32, |largest, value| if value.abs() > largest.abs() { value } else { largest });
    let scale = if largest == 0.0 { 1.0 } else { -largest / middle as f32 };
    let whole: Vec<u8> = values.iter().map(|value| ((value / scale).round() as i32 + middle).clamp(0, 2 * middle - 1) as u8).collect();
    match bits {
        4 => packed.extend(whole.chunks_exact(2).map(|pair| pair[0] | (pair[1] << 4))),
        _ => packed.extend(whole),
    }
    scale
}

fn rounded(value: f32, limit: i32) -> i8 {
    (value.round() as i32).clamp(-limit, limit) as i8
}

fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::runtime::Session;
    use crate::onnx::{self, HIDDEN, parity};

    /// The cosine between all numbers of the fp32 graph's output and the quantized one's.
    fn likeness(precision: Precision) -> f32 {
        let config = parity::tiny("bert");
        let model = onnx::encoder(&config, &parity::random(&config, &[]), &[]).unwrap();
        let small = quantized(&model, precision).unwrap();
        let mut outputs = Vec::new();
        for model in [&model, &small] {
            let mut session = Session::new(&model.bytes(), 1).unwrap();
            outputs.push(session.run(&parity::inputs(&parity::batch(), 0)).unwrap().remove(HIDDEN).unwrap().data);
        }
        let product = |left: &[f32], right: &[f32]| left.iter().zip(right).map(|(left, right)| left * right).sum::<f32>();
        product(&outputs[0], &outputs[1]) / (product(&outputs[0], &outputs[0]) * product(&outputs[1], &outputs[1])).sqrt()
    }

    #[test]
    fn quantized_graphs_run_and_stay_near() {
        for (precision, least) in [(Precision::Int8, 0.998), (Precision::WeightsInt8, 0.9995), (Precision::WeightsInt4, 0.98)] {
            let found = likeness(precision);
            assert!(found > least, "{precision:?}: {found}");
        }
    }

    #[test]
    fn a_block_comes_back_to_within_half_a_step() {
        let values: Vec<f32> = (0..32).map(|at| (at as f32 - 20.0) * 0.1).collect();
        let mut packed = Vec::new();
        let scale = pack(&values, 4, &mut packed);
        assert_eq!(packed.len(), 16);
        for (at, value) in values.iter().enumerate() {
            let nibble = (packed[at / 2] >> (4 * (at % 2))) & 15;
            let back = (i32::from(nibble) - 8) as f32 * scale;
            assert!((back - value).abs() <= scale.abs() * 0.51 || nibble == 15, "{value} {back}");
        }
    }
}
