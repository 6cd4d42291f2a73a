//! ONNX Runtime: the shared library, the execution provider that works here, and sessions. The only file that knows it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::ep::{self, ExecutionProviderDispatch};
use ort::logging::{LogLevel, LoggerFunction};
use ort::session::Session as OrtSession;
use ort::session::builder::SessionBuilder;
use ort::value::{TensorElementType, TensorRef};

use crate::{ModelError, library};

/// How ONNX Runtime is to be loaded and used.
#[derive(Debug, Clone)]
pub struct RuntimeOptions {
    /// The shared library. `None`: `STEWARD_ORT_LIB`, a checkout's `.steward/onnxruntime/`, or `/usr/lib/steward/`.
    pub library: Option<PathBuf>,
    /// Execution providers in the order they are tried: `tensorrt`, `cuda`, `cpu`. Empty means `cpu`.
    pub providers: Vec<String>,
    /// Inference threads, each with its own copy of a model; 0 means one per processor.
    pub threads: usize,
}

impl Default for RuntimeOptions {
    fn default() -> Self {
        Self { library: None, providers: vec!["cpu".to_owned()], threads: 0 }
    }
}

/// ONNX Runtime, loaded. Clones share it.
#[derive(Clone)]
pub struct Runtime(Arc<Inner>);

struct Inner {
    environment: Environment,
    library: PathBuf,
    /// The accelerators that work, best first; the processor always comes last and has no entry.
    accelerators: Vec<String>,
    skipped: Vec<(String, String)>,
    threads: usize,
}

/// A process can load ONNX Runtime once, from one place, and keeps it until it ends.
static LOADED: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

/// A graph of one small matrix product, made by `models/export/fixtures.py`: to see whether a provider runs anything.
const PROBE: &[u8] = include_bytes!("probe.onnx");

impl Runtime {
    /// Loads the library and tries the providers in their order with a small graph: being compiled into the library does
    /// not mean that a provider's own libraries and device are there. Those that do not work are in [`Runtime::skipped`].
    pub fn load(options: RuntimeOptions) -> Result<Runtime, ModelError> {
        let library = library::find(options.library.as_deref())?;
        let environment = environment(&library)?;
        let mut accelerators = Vec::new();
        let mut skipped = Vec::new();
        let mut processor = options.providers.is_empty();
        for name in options.providers {
            if name == "cpu" {
                processor = true;
                break;
            }
            match probe(&environment, &name)? {
                Ok(()) => accelerators.push(name),
                Err(reason) => skipped.push((name, reason)),
            }
        }
        if accelerators.is_empty() && !processor {
            let reasons: Vec<String> = skipped.iter().map(|(name, reason)| format!("{name}: {reason}")).collect();
            return Err(ModelError::library(format!("no provider works ({}); add \"cpu\" to the list", reasons.join("; "))));
        }
        for (name, reason) in &skipped {
            tracing::info!(provider = name, reason, "provider skipped");
        }
        let threads = if options.threads == 0 { std::thread::available_parallelism().map_or(1, usize::from) } else { options.threads };
        Ok(Runtime(Arc::new(Inner { environment, library, accelerators, skipped, threads })))
    }

    /// The provider that models run on: `tensorrt`, `cuda` or `cpu`.
    pub fn provider(&self) -> &str {
        self.0.accelerators.first().map_or("cpu", String::as_str)
    }

    /// The providers that were tried and do not work here, each with the reason.
    pub fn skipped(&self) -> &[(String, String)] {
        &self.0.skipped
    }

    /// The library's version, as the end of its file's name has it (`libonnxruntime.so.1.31.1`); if that was renamed, what
    /// it says about its own build.
    pub fn version(&self) -> String {
        let name = self.0.library.file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix("libonnxruntime.so.").map_or_else(|| ort::info().to_owned(), str::to_owned)
    }

    /// How many inference threads a model gets.
    pub fn threads(&self) -> usize {
        self.0.threads
    }

    /// A session for one thread. The file's hash must have been checked before.
    pub(crate) fn session(&self, model: &Path) -> Result<Session, ModelError> {
        let mut builder = builder(&self.0.environment).map_err(ModelError::library)?;
        for name in &self.0.accelerators {
            let provider = dispatch(name)?;
            builder = builder.with_execution_providers([provider]).map_err(|error| ModelError::library(error.to_string()))?;
        }
        let inner = builder.commit_from_file(model).map_err(|error| ModelError::corrupt(model, error))?;
        Ok(Session { inner })
    }
}

fn environment(library: &Path) -> Result<Environment, ModelError> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    match &*loaded {
        Some((path, environment)) if path == library => return Ok(environment.clone()),
        Some((path, _)) => {
            let (path, library) = (path.display(), library.display());
            return Err(ModelError::library(format!("{path} is loaded already, and {library} cannot be loaded beside it")));
        }
        None => {}
    }
    let builder = ort::init_from(library).map_err(|error| ModelError::library(error.to_string()))?;
    let environment = builder.with_name("steward").with_telemetry(false).with_logger(logger()).build().map_err(ModelError::library)?;
    environment.set_log_level(LogLevel::Warning);
    *loaded = Some((library.to_owned(), environment.clone()));
    Ok(environment)
}

/// ONNX Runtime's messages, without the hundred lines that it has for every session at its info level.
fn logger() -> LoggerFunction {
    Arc::new(|level, _category: &str, id: &str, place: &str, message: &str| match level {
        LogLevel::Fatal | LogLevel::Error => tracing::error!(target: "onnxruntime", id, place, "{message}"),
        LogLevel::Warning => tracing::warn!(target: "onnxruntime", id, place, "{message}"),
        LogLevel::Info | LogLevel::Verbose => {}
    })
}

/// Settings of every session: it runs on the thread that calls it, and no thread spins while there is nothing to do.
/// The processor's provider is not registered by name, because that would switch its arena off.
fn builder(environment: &Environment) -> Result<SessionBuilder, String> {
    let builder = OrtSession::builder(environment).map_err(|error| error.to_string())?;
    let builder = builder.with_intra_threads(1).map_err(|error| error.to_string())?;
    let builder = builder.with_intra_op_spinning(false).map_err(|error| error.to_string())?;
    builder.with_log_level(LogLevel::Warning).map_err(|error| error.to_string())
}

fn dispatch(name: &str) -> Result<ExecutionProviderDispatch, ModelError> {
    match name {
        "tensorrt" => Ok(ep::TensorRT::default().build().error_on_failure()),
        "cuda" => Ok(ep::CUDA::default().build().error_on_failure()),
        _ => Err(ModelError::library(format!("the provider {name:?} is not known; use \"tensorrt\", \"cuda\" or \"cpu\""))),
    }
}

/// Runs the probe graph on one provider. The inner result says whether the provider works.
fn probe(environment: &Environment, name: &str) -> Result<Result<(), String>, ModelError> {
    let provider = dispatch(name)?;
    let attempt = || -> Result<(), String> {
        let builder = builder(environment)?.with_execution_providers([provider]);
        let mut session = builder.map_err(|error| error.to_string())?.commit_from_memory(PROBE).map_err(|error| error.to_string())?;
        let input = TensorRef::from_array_view(([1usize, 2], &[1.0f32, 2.0][..])).map_err(|error| error.to_string())?;
        let outputs = session.run(ort::inputs!["x" => input]).map_err(|error| error.to_string())?;
        let (_, values) = outputs["y"].try_extract_tensor::<f32>().map_err(|error| error.to_string())?;
        // [1 2] x [[1 2] [3 4]]
        if values == [7.0, 10.0] { Ok(()) } else { Err(format!("it computed {values:?} instead of [7.0, 10.0]")) }
    };
    Ok(attempt())
}

/// A loaded graph. It runs for one caller at a time.
pub(crate) struct Session {
    inner: OrtSession,
}

/// A tensor in row order.
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f32>,
}

impl Session {
    /// The names of the graph's inputs.
    pub(crate) fn inputs(&self) -> Vec<String> {
        self.inner.inputs().iter().map(|input| input.name().to_owned()).collect()
    }

    /// The names of the graph's outputs with their number of axes, where the graph says so.
    pub(crate) fn outputs(&self) -> Vec<(String, Option<usize>)> {
        let rank = |output: &ort::value::Outlet| output.dtype().tensor_shape().map(|shape| shape.len());
        self.inner.outputs().iter().map(|output| (output.name().to_owned(), rank(output))).collect()
    }

    /// Runs the graph on inputs of shape `[1, length]` and gives the named outputs, in their order.
    pub(crate) fn run<const N: usize>(&mut self, inputs: &[(&str, &[i64])], outputs: [&str; N]) -> Result<[Tensor; N], ModelError> {
        let mut values = Vec::with_capacity(inputs.len());
        for (name, numbers) in inputs {
            let tensor = TensorRef::from_array_view(([1usize, numbers.len()], *numbers));
            values.push((*name, tensor.map_err(|error| ModelError::run(format!("input {name}"), error))?));
        }
        let computed = self.inner.run(values).map_err(|error| ModelError::run("ONNX Runtime refused the run", error))?;
        let tensors = outputs.into_iter().map(|name| extracted(&computed, name)).collect::<Result<Vec<_>, _>>()?;
        Ok(tensors.try_into().unwrap_or_else(|_| unreachable!("one tensor for each name")))
    }
}

/// One output as 32-bit numbers.
fn extracted(computed: &ort::session::SessionOutputs<'_>, name: &str) -> Result<Tensor, ModelError> {
    let value = computed.get(name).ok_or_else(|| ModelError::failed(format!("the graph has no output {name}")))?;
    let failed = |error| ModelError::run(format!("output {name}"), error);
    if value.dtype().tensor_type() == Some(TensorElementType::Float16) {
        let (shape, data) = value.try_extract_tensor::<half::f16>().map_err(failed)?;
        return Ok(tensor(shape, data.iter().map(|value| value.to_f32()).collect()));
    }
    let (shape, data) = value.try_extract_tensor::<f32>().map_err(failed)?;
    Ok(tensor(shape, data.to_vec()))
}

/// The shape of a computed tensor has no unknown axes, which the library writes as -1.
fn tensor(shape: &[i64], data: Vec<f32>) -> Tensor {
    Tensor { shape: shape.iter().map(|&axis| usize::try_from(axis).unwrap_or(0)).collect(), data }
}
