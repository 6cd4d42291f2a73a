//! A graph under construction. The methods that add operators return the name of what they compute.

use std::collections::BTreeMap;

use super::proto::{
    AttributeProto, Dimension, Entry, GraphProto, Length, Model, Node, OperatorSet, ShapeProto, TensorProto, TensorType, TypeProto,
    ValueInfo, kind,
};
use crate::weights::Stored;

/// The first set of standard operators that has Gelu.
const OPSET: i64 = 20;
/// ONNX Runtime's own operators.
pub(crate) const MICROSOFT: &str = "com.microsoft";

/// A setting of an operator.
pub(crate) enum Setting<'a> {
    Int(&'a str, i64),
    Float(&'a str, f32),
    Ints(&'a str, &'a [i64]),
}

/// An axis of an input or output: a number, or a name for what is only known at run time.
pub(crate) enum Axis<'a> {
    Known(usize),
    Named(&'a str),
}

/// Collects nodes and constants.
#[derive(Default)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    constants: BTreeMap<String, TensorProto>,
    inputs: Vec<ValueInfo>,
    outputs: Vec<ValueInfo>,
}

impl Graph {
    /// An operator with one output.
    pub(crate) fn node(&mut self, operator: &str, inputs: &[&str], settings: &[Setting]) -> String {
        self.operator("", operator, inputs, settings, 1).remove(0)
    }

    /// An operator of some domain with several outputs.
    pub(crate) fn operator(&mut self, domain: &str, operator: &str, inputs: &[&str], settings: &[Setting], outputs: usize) -> Vec<String> {
        let name = format!("{operator}_{}", self.nodes.len());
        let output: Vec<String> = (0..outputs).map(|number| if number == 0 { name.clone() } else { format!("{name}_{number}") }).collect();
        self.nodes.push(Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: output.clone(),
            name,
            op_type: operator.to_owned(),
            attribute: settings.iter().map(attribute).collect(),
            domain: domain.to_owned(),
        });
        output
    }

    /// fp32 numbers.
    pub(crate) fn tensor(&mut self, name: &str, value: &Stored) -> String {
        let bytes = value.data.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.raw(name, kind::FLOAT, &value.shape, bytes)
    }

    /// Numbers of any kind, as the bytes that a file has.
    pub(crate) fn raw(&mut self, name: &str, data_type: i32, shape: &[usize], raw_data: Vec<u8>) -> String {
        let dims = shape.iter().map(|&axis| axis as i64).collect();
        let tensor = TensorProto { dims, data_type, float_data: vec![], name: name.to_owned(), raw_data };
        self.constants.entry(name.to_owned()).or_insert(tensor);
        name.to_owned()
    }

    /// A list of whole numbers.
    pub(crate) fn integers(&mut self, name: &str, values: &[i64]) -> String {
        self.raw(name, kind::INT64, &[values.len()], values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    /// One number without axes.
    pub(crate) fn number(&mut self, name: &str, value: f32) -> String {
        self.raw(name, kind::FLOAT, &[], value.to_le_bytes().to_vec())
    }

    pub(crate) fn input(&mut self, name: &str, elem_type: i32, axes: &[Axis]) {
        self.inputs.push(value_info(name, elem_type, axes));
    }

    /// Gives the value that is called `value` so far its public name.
    pub(crate) fn output(&mut self, value: &str, name: &str, axes: &[Axis]) {
        for node in &mut self.nodes {
            for list in [&mut node.input, &mut node.output] {
                list.iter_mut().filter(|entry| *entry == value).for_each(|entry| name.clone_into(entry));
            }
        }
        self.outputs.push(value_info(name, kind::FLOAT, axes));
    }

    /// The finished file.
    pub(crate) fn model(self, name: &str, notes: &BTreeMap<String, String>) -> Model {
        let mut opset_import = vec![OperatorSet { domain: String::new(), version: OPSET }];
        if self.nodes.iter().any(|node| node.domain == MICROSOFT) {
            opset_import.push(OperatorSet { domain: MICROSOFT.to_owned(), version: 1 });
        }
        Model {
            ir_version: 9,
            producer_name: "steward-tune".to_owned(),
            graph: Some(GraphProto {
                node: self.nodes,
                name: name.to_owned(),
                initializer: self.constants.into_values().collect(),
                input: self.inputs,
                output: self.outputs,
            }),
            opset_import,
            metadata_props: notes.iter().map(|(key, value)| Entry { key: key.clone(), value: value.clone() }).collect(),
        }
    }
}

fn attribute(setting: &Setting) -> AttributeProto {
    let empty = AttributeProto::default();
    match *setting {
        Setting::Float(name, f) => AttributeProto { name: name.to_owned(), f, kind: 1, ..empty },
        Setting::Int(name, i) => AttributeProto { name: name.to_owned(), i, kind: 2, ..empty },
        Setting::Ints(name, ints) => AttributeProto { name: name.to_owned(), ints: ints.to_vec(), kind: 7, ..empty },
    }
}

fn value_info(name: &str, elem_type: i32, axes: &[Axis]) -> ValueInfo {
    let length = |axis: &Axis| match axis {
        Axis::Known(length) => Length::Known(*length as i64),
        Axis::Named(name) => Length::Named((*name).to_owned()),
    };
    let dim = axes.iter().map(|axis| Dimension { length: Some(length(axis)) }).collect();
    let tensor = TensorType { elem_type, shape: Some(ShapeProto { dim }) };
    ValueInfo { name: name.to_owned(), r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
}
