// The public contract of @tsops/store/files.

export { tableFiles } from "./table-files.ts";
