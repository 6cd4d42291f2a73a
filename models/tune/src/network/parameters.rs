//! Weights on a device, by name.

use std::collections::BTreeMap;

use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};

use crate::TuneError;
use crate::weights::{Stored, Weights};

/// A weight on a device.
#[derive(Debug, Clone)]
pub enum Value<B: Backend> {
    /// One axis.
    Vector(Tensor<B, 1>),
    /// Two axes: [outputs, inputs], or [rows, width] of a table.
    Matrix(Tensor<B, 2>),
}

/// A network's weights on a device.
#[derive(Debug, Clone)]
pub struct Parameters<B: Backend> {
    values: BTreeMap<String, Value<B>>,
    device: B::Device,
}

impl<B: Backend> Parameters<B> {
    /// Carries weights to a device.
    pub fn new(weights: &Weights, device: &B::Device) -> Result<Self, TuneError> {
        let mut values = BTreeMap::new();
        for (name, stored) in weights {
            values.insert(name.clone(), value(name, stored, device)?);
        }
        Ok(Self { values, device: device.clone() })
    }

    /// Weights that are on the device already.
    pub fn from_values(values: BTreeMap<String, Value<B>>, device: B::Device) -> Self {
        Self { values, device }
    }

    /// Carries the weights back.
    pub fn stored(&self) -> Weights {
        self.values.iter().map(|(name, value)| (name.clone(), value.stored())).collect()
    }

    /// Where they are.
    pub fn device(&self) -> &B::Device {
        &self.device
    }

    /// Whether there is a weight of that name.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The names, in order.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.values.keys()
    }

    /// A weight. A network only asks for weights that `shapes` lists for it, and those were filled in.
    pub fn value(&self, name: &str) -> &Value<B> {
        self.values.get(name).unwrap_or_else(|| panic!("the network has no weight {name}"))
    }

    /// All of them by name.
    pub fn values_mut(&mut self) -> &mut BTreeMap<String, Value<B>> {
        &mut self.values
    }

    /// A weight with two axes.
    pub fn matrix(&self, name: &str) -> Tensor<B, 2> {
        match self.value(name) {
            Value::Matrix(tensor) => tensor.clone(),
            Value::Vector(tensor) => tensor.clone().unsqueeze(),
        }
    }

    /// A weight with one axis.
    pub fn vector(&self, name: &str) -> Tensor<B, 1> {
        match self.value(name) {
            Value::Vector(tensor) => tensor.clone(),
            Value::Matrix(tensor) => tensor.clone().flatten(0, 1),
        }
    }

    /// How many numbers they are.
    pub fn count(&self) -> usize {
        self.values.values().map(|value| value.axes().iter().product::<usize>()).sum()
    }

    /// The same weights as leaves of a new computation; only those that `learns` accepts get gradients.
    pub fn leaves<A: AutodiffBackend<InnerBackend = B>>(&self, learns: impl Fn(&str) -> bool, device: &A::Device) -> Parameters<A> {
        let leaf = |name: &str, value: &Value<B>| -> Value<A> {
            match value {
                Value::Vector(tensor) => {
                    let tensor = Tensor::<A, 1>::from_inner(tensor.clone());
                    Value::Vector(if learns(name) { tensor.require_grad() } else { tensor })
                }
                Value::Matrix(tensor) => {
                    let tensor = Tensor::<A, 2>::from_inner(tensor.clone());
                    Value::Matrix(if learns(name) { tensor.require_grad() } else { tensor })
                }
            }
        };
        let values = self.values.iter().map(|(name, value)| (name.clone(), leaf(name, value))).collect();
        Parameters { values, device: device.clone() }
    }
}

impl<B: Backend> Value<B> {
    /// The length of each axis.
    pub fn axes(&self) -> Vec<usize> {
        match self {
            Value::Vector(tensor) => tensor.dims().to_vec(),
            Value::Matrix(tensor) => tensor.dims().to_vec(),
        }
    }

    /// The same numbers on one axis.
    pub fn flat(&self) -> Tensor<B, 1> {
        match self {
            Value::Vector(tensor) => tensor.clone(),
            Value::Matrix(tensor) => tensor.clone().flatten(0, 1),
        }
    }

    /// Numbers on one axis, with the axes that they shall have.
    pub fn shaped(flat: Tensor<B, 1>, axes: &[usize]) -> Self {
        match *axes {
            [rows, columns] => Value::Matrix(flat.reshape([rows, columns])),
            _ => Value::Vector(flat),
        }
    }

    /// The gradient of a leaf; none if it does not learn or had no part in the loss.
    pub fn gradient(&self, gradients: &B::Gradients) -> Option<Value<B::InnerBackend>>
    where
        B: AutodiffBackend,
    {
        match self {
            Value::Vector(tensor) => tensor.grad(gradients).map(Value::Vector),
            Value::Matrix(tensor) => tensor.grad(gradients).map(Value::Matrix),
        }
    }

    /// Carries it to the main memory.
    pub fn stored(&self) -> Stored {
        let data = match self {
            Value::Vector(tensor) => tensor.to_data(),
            Value::Matrix(tensor) => tensor.to_data(),
        };
        Stored::new(self.axes(), data.iter::<f32>().collect())
    }
}

fn value<B: Backend>(name: &str, stored: &Stored, device: &B::Device) -> Result<Value<B>, TuneError> {
    let data = TensorData::new(stored.data.clone(), stored.shape.clone());
    match stored.shape.len() {
        1 => Ok(Value::Vector(Tensor::from_data(data, device))),
        2 => Ok(Value::Matrix(Tensor::from_data(data, device))),
        axes => Err(TuneError::Settings(format!("{name} has {axes} axes; networks here have weights with one or two"))),
    }
}
