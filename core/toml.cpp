#include "core/toml.hpp"

#include <fmt/core.h>

#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/toml_limits.hpp"

namespace muster {
namespace {
/// toml++ (3.3, 3.4) asserts on some malformed headers such as `[&`, and without assertions runs
/// into undefined behaviour (marzer/tomlplusplus issue 294). Here its assertions are a fault of the
/// file.
struct ParserGaveUp {};
[[noreturn]] void give_up() { throw ParserGaveUp{}; }
}  // namespace
}  // namespace muster

#undef NDEBUG  // it would turn the assertions off; this file alone includes toml++
#define TOML_ASSERT(condition) (static_cast<bool>(condition) ? void(0) : ::muster::give_up())
#define TOML_MAX_NESTED_VALUES 64  // toml++ recurses; muster's own limit is lower
#include <toml++/toml.h>

namespace muster {
namespace {

toml::node const& node_of(void const* node) {
  MUSTER_ASSERT(node != nullptr, "a view of nothing was read");
  return *static_cast<toml::node const*>(node);
}

constexpr std::string_view override_prefix = "--set ";

Place place_of(toml::source_region const& region) {
  if (!region.path) return {};
  std::string_view const source = *region.path;
  if (source.starts_with(override_prefix) || !region.begin) return {source, 0, 0};
  return {source, static_cast<std::uint32_t>(region.begin.line),
          static_cast<std::uint32_t>(region.begin.column)};
}

/// toml++'s words for a fault, as one printable line of bounded length.
std::string words_of(toml::parse_error const& fault) {
  return printable(trimmed(fault.description()), 300);
}

/// The line of the first table header that begins with what no key begins with; 0 when there is
/// none.
std::size_t line_of_bad_header(std::string_view text) {
  std::size_t line = 1;
  for (std::size_t at = 0; at < text.size(); ++line) {
    std::size_t const end = std::min(text.find('\n', at), text.size());
    std::string_view header = trimmed(text.substr(at, end - at));
    at = end + 1;
    if (!header.starts_with('[')) continue;
    header.remove_prefix(header.starts_with("[[") ? 2 : 1);
    header = trimmed(header);
    char const first = header.empty() ? ']' : header.front();
    bool const is_letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
    bool const is_digit = first >= '0' && first <= '9';
    if (!is_letter && !is_digit && std::string_view("_-\"']").find(first) == std::string_view::npos)
      return line;
  }
  return 0;
}

[[noreturn]] void refuse_header(std::string_view text, std::string_view file) {
  Place const place{file, static_cast<std::uint32_t>(line_of_bad_header(text)), 0};
  throw_error(
      Exit::user,
      "{}: a table header holds no key (the file is not valid TOML, nothing was read); write "
      "[name] or [[name]]",
      to_text(place));
}

/// Parses; throws toml::parse_error, and Error where toml++ itself loses its way.
toml::table parse_text(std::string_view text, std::string const& source) {
  try {
    return toml::parse(text, source);
  } catch (ParserGaveUp) {
    refuse_header(text, source);
  }
}

std::size_t depth_of(toml::node const& node) {
  std::size_t deepest = 0;
  if (auto const* table = node.as_table()) {
    for (auto const& [key, value] : *table) deepest = std::max(deepest, depth_of(value));
  } else if (auto const* array = node.as_array()) {
    for (auto const& value : *array) deepest = std::max(deepest, depth_of(value));
  } else {
    return 0;
  }
  return deepest + 1;
}

[[noreturn]] void refuse_override(std::string_view path, std::string_view problem) {
  throw_error(Exit::user, "--set {}: {}", printable(path, 200), problem);
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> keys;
  for (std::size_t from = 0; from <= path.size();) {
    std::size_t const dot = std::min(path.find('.', from), path.size());
    keys.push_back(path.substr(from, dot - from));
    from = dot + 1;
  }
  return keys;
}

/// The element of an array of tables that `key` selects: by index, or by its `name`.
toml::table* element(toml::array& array, std::string_view key) {
  if (auto const index = parse_count(key); index && *index < array.size())
    return array[static_cast<std::size_t>(*index)].as_table();
  for (auto& node : array) {
    auto* table = node.as_table();
    if (table != nullptr && (*table)["name"].value<std::string_view>() == key) return table;
  }
  return nullptr;
}

/// The table inside `table` that `key` leads to, made when missing; nothing when a value is in the
/// way.
toml::node* step_into(toml::table& table, std::string_view key) {
  if (toml::node* found = table.get(key)) return found;
  return &table.insert(key, toml::table{}).first->second;
}

toml::table parse_value(std::string_view value, std::string const& source) {
  refuse_hostile_toml(value, source, default_toml_limits);
  return parse_text(fmt::format("value = {}", value), source);
}

/// The value of an override as a one-key document: TOML if it is TOML, text if it is a bare word.
toml::table parse_override_value(std::string_view path, std::string_view value,
                                 std::string const& source) {
  bool is_bare = !value.empty(), is_ascii = true;
  for (char const c : value) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f)
      refuse_override(
          path, "the value holds a control character (it must be one line of TOML); remove it");
    if (std::string_view("\"'[]{}=,#\\").find(c) != std::string_view::npos) is_bare = false;
    if (byte >= 0x80) is_ascii = false;
  }
  std::string const as_text = fmt::format("\"{}\"", value);
  try {
    if (is_bare && !is_ascii) return parse_value(as_text, source);
    return parse_value(value, source);
  } catch (toml::parse_error const& fault) {
    if (!is_bare || !is_ascii)
      refuse_override(path, fmt::format("{} is no TOML value ({}); give a number, true, false, a "
                                        "bare word, or quote it as TOML does",
                                        printable(value), words_of(fault)));
  }
  return parse_value(as_text, source);
}

void apply_override(toml::table& root, std::string const& text, std::string const& source) {
  std::size_t const equals = text.find('=');
  if (equals == std::string::npos)
    refuse_override(text,
                    "no value (an override is KEY=VALUE); write e.g. --set simulation.paths=65536");
  std::string_view const path = trimmed(std::string_view(text).substr(0, equals));
  auto const keys = split_path(path);
  if (keys.size() > TomlDocument::limit_depth)
    refuse_override(path, "too many dots; check the key");
  toml::table value =
      parse_override_value(path, trimmed(std::string_view(text).substr(equals + 1)), source);
  if (value.size() != 1) refuse_override(path, "more than one value; give one --set for each key");

  toml::node* here = &root;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty()) refuse_override(path, "an empty key; write it as a.b.c=value");
    for (char const c : keys[i])
      if (static_cast<unsigned char>(c) < 0x20)
        refuse_override(path, "a control character in a key; remove it");
    if (auto* array = here->as_array()) {
      here = element(*array, keys[i]);
      if (here == nullptr)
        refuse_override(
            path, fmt::format("nothing is numbered or named \"{}\" there ({} elements, the first "
                              "is 0); check the key",
                              printable(keys[i]), array->size()));
      if (i + 1 == keys.size())
        refuse_override(path, "leads to a whole element; name a key inside it");
      continue;
    }
    auto* table = here->as_table();
    if (table == nullptr)
      refuse_override(
          path, fmt::format("\"{}\" is under a plain value (only tables hold keys); check the key",
                            printable(keys[i])));
    if (i + 1 < keys.size()) {
      here = step_into(*table, keys[i]);
      continue;
    }
    value.get("value")->visit(
        [&](auto& node) { table->insert_or_assign(keys[i], std::move(node)); });
  }
}

}  // namespace

TomlKind TomlView::kind() const {
  if (node_ == nullptr) return TomlKind::none;
  switch (node_of(node_).type()) {
    case toml::node_type::table:
      return TomlKind::table;
    case toml::node_type::array:
      return TomlKind::array;
    case toml::node_type::string:
      return TomlKind::text;
    case toml::node_type::integer:
      return TomlKind::integer;
    case toml::node_type::floating_point:
      return TomlKind::number;
    case toml::node_type::boolean:
      return TomlKind::flag;
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return TomlKind::time;
    case toml::node_type::none:
      break;
  }
  return TomlKind::none;
}

Place TomlView::place() const {
  return node_ == nullptr ? Place{} : place_of(node_of(node_).source());
}

std::string_view TomlView::text() const {
  auto const* value = node_of(node_).as_string();
  MUSTER_ASSERT(value != nullptr);
  return value->get();
}

std::int64_t TomlView::integer() const {
  auto const* value = node_of(node_).as_integer();
  MUSTER_ASSERT(value != nullptr);
  return value->get();
}

bool TomlView::flag() const {
  auto const* value = node_of(node_).as_boolean();
  MUSTER_ASSERT(value != nullptr);
  return value->get();
}

double TomlView::number() const {
  if (auto const* value = node_of(node_).as_floating_point()) return value->get();
  return static_cast<double>(integer());
}

std::optional<CivilTime> TomlView::time() const {
  using namespace std::chrono;
  auto const dated = [](toml::date const& date) -> std::optional<CivilTime> {
    CivilTime time{year(date.year) / month(date.month) / day(date.day), std::nullopt, std::nullopt};
    if (date.year < 1970 || date.year > 2199 || !time.date.ok()) return std::nullopt;
    return time;
  };
  auto const& node = node_of(node_);
  if (auto const* date = node.as_date()) return dated(date->get());
  auto const* value = node.as_date_time();
  if (value == nullptr) return std::nullopt;
  toml::date_time const& stamp = value->get();
  auto time = dated(stamp.date);
  if (!time || stamp.time.nanosecond != 0) return std::nullopt;
  time->time_of_day =
      hours(stamp.time.hour) + minutes(stamp.time.minute) + seconds(stamp.time.second);
  if (stamp.offset) time->utc_offset = minutes(stamp.offset->minutes);
  return time;
}

std::size_t TomlView::size() const {
  if (node_ == nullptr) return 0;
  if (auto const* table = node_of(node_).as_table()) return table->size();
  if (auto const* array = node_of(node_).as_array()) return array->size();
  return 0;
}

TomlView TomlView::at(std::size_t index) const {
  auto const* array = node_of(node_).as_array();
  MUSTER_ASSERT(array != nullptr && index < array->size());
  return TomlView(array->get(index));
}

TomlView TomlView::find(std::string_view key) const {
  if (node_ == nullptr) return {};
  auto const* table = node_of(node_).as_table();
  return table == nullptr ? TomlView() : TomlView(table->get(key));
}

std::vector<TomlEntry> TomlView::entries() const {
  std::vector<TomlEntry> found;
  if (auto const* table = node_ == nullptr ? nullptr : node_of(node_).as_table()) {
    found.reserve(table->size());
    for (auto const& [key, value] : *table) {
      Place place = place_of(key.source());
      // A key that an override made carries no place of its own; its value does.
      if (place.source.empty() || value.source().path != key.source().path)
        place = place_of(value.source());
      found.push_back({key.str(), place, TomlView(&value)});
    }
  }
  return found;
}

std::string TomlView::describe() const {
  switch (kind()) {
    case TomlKind::none:
      return "nothing";
    case TomlKind::table:
      return "a table";
    case TomlKind::array:
      return fmt::format("an array of {}", size());
    case TomlKind::text:
      return fmt::format("the text \"{}\"", printable(text()));
    case TomlKind::integer:
      return fmt::format("{}", integer());
    case TomlKind::number:
      return plain_number(number());
    case TomlKind::flag:
      return flag() ? "true" : "false";
    case TomlKind::time:
      return "a date or time";
  }
  return "nothing";
}

struct TomlDocument::State {
  std::string file;
  toml::table root;
};

TomlDocument::TomlDocument(std::unique_ptr<State> state) : state_(std::move(state)) {}
TomlDocument::~TomlDocument() = default;
TomlDocument::TomlDocument(TomlDocument&&) noexcept = default;
TomlDocument& TomlDocument::operator=(TomlDocument&&) noexcept = default;

TomlDocument TomlDocument::parse(std::string_view text, std::string_view file,
                                 std::vector<std::string> const& overrides,
                                 TomlLimits const& limits) {
  refuse_hostile_toml(text, file, limits);
  auto state = std::make_unique<State>();
  state->file = file;
  try {
    state->root = parse_text(text, state->file);
  } catch (toml::parse_error const& fault) {
    auto const begin = fault.source().begin;
    throw_error(
        Exit::user,
        "{}:{}:{}: {} (the file is not valid TOML, nothing was read); mend it, see https://toml.io",
        file, begin.line, begin.column, words_of(fault));
  }
  for (auto const& text_of_override : overrides) {
    std::string_view const path =
        trimmed(std::string_view(text_of_override).substr(0, text_of_override.find('=')));
    apply_override(state->root, text_of_override,
                   fmt::format("{}{}", override_prefix, printable(path, 200)));
  }
  MUSTER_REQUIRE(depth_of(state->root) <= limit_depth,
                 "{}: tables and arrays are nested over {} deep (no job file needs it); flatten it",
                 file, limit_depth);
  return TomlDocument(std::move(state));
}

TomlView TomlDocument::root() const {
  return TomlView(static_cast<toml::node const*>(&state_->root));
}
std::string_view TomlDocument::file() const { return state_->file; }

}  // namespace muster
