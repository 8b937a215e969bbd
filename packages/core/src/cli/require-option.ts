import type { Command } from "commander";

/**
 * Ends a command as the parser does where an option is missing. The parser's own required options are looked for before unknown ones, so that a slip (`--horizn`) would be told as one that is missing.
 * @param name - Of the option's value.
 */
export function requireOption(command: Command, name: string): void {
  const option = command.options.find((one) => one.attributeName() === name);
  if (option === undefined || command.getOptionValue(name) !== undefined) return;
  command.error(`error: required option '${option.flags}' not specified`, {
    code: "commander.missingMandatoryOptionValue",
  });
}
