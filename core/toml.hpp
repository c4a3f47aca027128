// Job files as TOML: a parsed document and light views of its values, each with its place in the
// file. toml++ itself is included in toml.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/faults.hpp"
#include "core/instant.hpp"
#include "core/toml_limits.hpp"

namespace muster {

enum class TomlKind { none, table, array, text, integer, number, flag, time };

struct TomlEntry;

/// A value of a TomlDocument, or nothing; valid as long as the document.
class TomlView {
 public:
  TomlView() = default;
  TomlKind kind() const;
  explicit operator bool() const { return node_ != nullptr; }
  /// Where the value begins.
  Place place() const;

  /// The value; each is for its own kind only (a bug otherwise).
  std::string_view text() const;
  std::int64_t integer() const;
  bool flag() const;
  /// An integer or a number.
  double number() const;
  /// Dates and date-times of whole seconds; a time of day alone, or a year outside 1970 to 2199:
  /// none.
  std::optional<CivilTime> time() const;

  /// Elements of an array, entries of a table; 0 for everything else.
  std::size_t size() const;
  /// Element of an array.
  TomlView at(std::size_t index) const;
  /// Entry of a table, or nothing.
  TomlView find(std::string_view key) const;
  /// Entries of a table in alphabetical order.
  std::vector<TomlEntry> entries() const;

  /// For messages: `the text "abc"`, `-5`, `an array of 3`, `a table`.
  std::string describe() const;

 private:
  friend class TomlDocument;
  explicit TomlView(void const* node) : node_(node) {}
  void const* node_ = nullptr;  // a toml::node
};

struct TomlEntry {
  std::string_view key;
  Place key_place;
  TomlView value;
};

/// A parsed job file with its overrides applied.
class TomlDocument {
 public:
  static constexpr std::size_t limit_depth = 32;

  /// Parses `text`; `file` names it in messages. Each override is `a.b.c=value`: the value is read
  /// as TOML, bare words as text; a number or a name selects an element of an array of tables.
  /// Tables on the way are made when missing. Throws Error (Exit::user) at a syntax fault, a text
  /// over the limits, nesting over 32 levels, or an override that cannot be applied.
  static TomlDocument parse(std::string_view text, std::string_view file,
                            std::vector<std::string> const& overrides = {},
                            TomlLimits const& limits = default_toml_limits);
  ~TomlDocument();
  TomlDocument(TomlDocument&&) noexcept;
  TomlDocument& operator=(TomlDocument&&) noexcept;

  TomlView root() const;
  /// The file's name, for faults that have no line.
  std::string_view file() const;

 private:
  struct State;
  explicit TomlDocument(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace muster
