// Models to and from ONNX, the format in which Python, MLflow and most model servers read them.

export { type LogRegressorOptions, logRegressor, regressorFiles } from "../../tracking/log-regressor.ts";
export { type LoadOnnxOptions, loadOnnx, type OnnxModel } from "./load-onnx.ts";
export { type OnnxRegressor, type OnnxRegressorOptions, onnxRegressor } from "./onnx-regressor.ts";
export { toOnnx } from "./to-onnx.ts";
