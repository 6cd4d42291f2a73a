//! ONNX Runtime as the daemon uses it: one thread, no spinning. The only file that knows it.
//!
//! The daemon's own sessions take one sentence and give one output, so they are not shared: here there are batches, several
//! heads and key-value caches.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::{Session as OrtSession, SessionInputValue};
use ort::value::Tensor;

use crate::TuneError;

/// What goes in: numbers and their axes.
#[derive(Debug, Clone)]
pub enum Input {
    /// Whole numbers.
    Integers(Vec<usize>, Vec<i64>),
    /// Floating point numbers.
    Floats(Vec<usize>, Vec<f32>),
}

/// What comes out.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// Numbers in row order.
    pub data: Vec<f32>,
}

/// A loaded graph.
pub struct Session(OrtSession);

/// A process loads the library once.
static LOADED: Mutex<Option<Environment>> = Mutex::new(None);

impl Session {
    /// Loads an ONNX file's bytes for `threads` threads.
    pub fn new(model: &[u8], threads: usize) -> Result<Self, TuneError> {
        let environment = environment()?;
        let built = || -> Result<OrtSession, String> {
            let builder = OrtSession::builder(&environment).map_err(|error| error.to_string())?;
            let builder = builder.with_intra_threads(threads).map_err(|error| error.to_string())?;
            let builder = builder.with_intra_op_spinning(false).map_err(|error| error.to_string())?;
            let mut builder = builder.with_log_level(LogLevel::Error).map_err(|error| error.to_string())?;
            builder.commit_from_memory(model).map_err(|error| error.to_string())
        };
        built().map(Self).map_err(TuneError::Runtime)
    }

    /// Loads an ONNX file.
    pub fn open(path: &Path, threads: usize) -> Result<Self, TuneError> {
        Self::new(&crate::file::read(path)?, threads)
    }

    /// The names of the inputs.
    pub fn inputs(&self) -> Vec<String> {
        self.0.inputs().iter().map(|input| input.name().to_owned()).collect()
    }

    /// Runs the graph; gives all outputs by name.
    pub fn run(&mut self, inputs: &[(&str, Input)]) -> Result<BTreeMap<String, Output>, TuneError> {
        let refused = |error: ort::Error| TuneError::Runtime(error.to_string());
        let mut values: Vec<(&str, SessionInputValue)> = Vec::with_capacity(inputs.len());
        for (name, input) in inputs {
            let value: SessionInputValue = match input {
                Input::Integers(shape, data) => Tensor::from_array((shape.clone(), data.clone())).map_err(refused)?.into(),
                Input::Floats(shape, data) => Tensor::from_array((shape.clone(), data.clone())).map_err(refused)?.into(),
            };
            values.push((name, value));
        }
        let outputs = self.0.run(values).map_err(refused)?;
        let mut found = BTreeMap::new();
        for (name, value) in &outputs {
            let (shape, data) = value.try_extract_tensor::<f32>().map_err(refused)?;
            let shape = shape.iter().map(|&axis| usize::try_from(axis).unwrap_or(0)).collect();
            found.insert(name.to_owned(), Output { shape, data: data.to_vec() });
        }
        Ok(found)
    }
}

fn environment() -> Result<Environment, TuneError> {
    let mut loaded = LOADED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(environment) = &*loaded {
        return Ok(environment.clone());
    }
    let library = library()?;
    let failed = |error: &dyn std::fmt::Display| TuneError::Runtime(format!("{}: {error}", library.display()));
    let builder = ort::init_from(&library).map_err(|error| failed(&error))?;
    let environment = builder.with_name("steward-tune").with_telemetry(false).build().map_err(|error| failed(&error))?;
    environment.set_log_level(LogLevel::Error);
    Ok(loaded.insert(environment).clone())
}

/// `STEWARD_ORT_LIB`, or what `models/fetch-onnxruntime.sh` put below a folder above the program or the working folder.
fn library() -> Result<PathBuf, TuneError> {
    if let Some(named) = std::env::var_os("STEWARD_ORT_LIB").filter(|value| !value.is_empty()) {
        return Ok(PathBuf::from(named));
    }
    let starts = [std::env::current_exe().ok(), std::env::current_dir().ok()];
    let folders = starts.iter().flatten().flat_map(|start| start.ancestors()).map(|folder| folder.join(".steward/onnxruntime"));
    let found = folders.filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten().map(|entry| entry.path());
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libonnxruntime.so"));
    found.into_iter().find(named).ok_or_else(|| {
        TuneError::Runtime("libonnxruntime.so was not found; run models/fetch-onnxruntime.sh, or set STEWARD_ORT_LIB".to_owned())
    })
}
