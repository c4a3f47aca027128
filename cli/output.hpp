// Where a command's answer goes: a table for people, or exactly one JSON value, on stdout.
#pragma once

#include <string_view>

#include "cli/value.hpp"
#include "core/error.hpp"

namespace muster::cli {

enum class Form { table, json };

/// Writes to stdout and flushes. Throws Error (Exit::environment) when stdout is closed or full.
void print(std::string_view text);

/// The answer in the form asked for: `text` (a newline is added where it lacks one) or `json`.
void answer(Form form, std::string_view text, Value const& json);

/// The one place where an error meets the user: one message on stderr, or {"error": ...} on stdout.
/// Returns the process exit code.
int report(Form form, Error const& error) noexcept;

/// "user", "environment", ...: the word for an exit code in JSON.
std::string_view word_for(Exit code);

}  // namespace muster::cli
