#include "topology/json_document.hpp"

#include <fmt/core.h>

#include <bit>
#include <charconv>
#include <tuple>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/json_scan.hpp"

namespace muster::topology {
namespace {

constexpr int most_depth = 32;
constexpr std::size_t longest_json = std::size_t{1} << 30;
constexpr std::size_t longest_array = std::size_t{1} << 20;
/// More than a message shows.
constexpr std::size_t enough_to_show = 100;

}  // namespace

/// Fills a document.
class JsonParser {
 public:
  JsonParser(std::string_view text, JsonDocument& document) : scan_(text), to_(document) {}

  void run() {
    scan_.skip_blanks();
    value({}, 0);
    require(scan_.is_at_end());
  }

 private:
  using Kind = JsonDocument::Kind;
  using Item = JsonDocument::Item;

  void require(bool holds) const {
    if (!holds)
      throw_error(Exit::user, "{}: not JSON (at byte {}); write the file anew with muster topology --json", to_.source_,
                  scan_.at() + 1);
  }

  /// `item` bears the key. Ends behind the blanks that follow the value.
  void value(Item item, int depth) {
    auto const at = to_.items_.size();
    to_.items_.push_back(item);
    switch (scan_.next()) {
      case '{': object(at, depth); break;
      case '[': array(at, depth); break;
      case '"': text(at); break;
      case 't': word(at, "true", {Kind::boolean, 1}); break;
      case 'f': word(at, "false", {Kind::boolean, 0}); break;
      case 'n': word(at, "null", {Kind::null, 0}); break;
      default: number(at);
    }
    to_.items_[at].next = static_cast<std::uint32_t>(to_.items_.size());
    scan_.skip_blanks();
  }

  void set(std::size_t at, std::pair<Kind, std::uint64_t> meaning) { std::tie(to_.items_[at].kind, to_.items_[at].value) = meaning; }

  void word(std::size_t at, std::string_view letters, std::pair<Kind, std::uint64_t> meaning) {
    require(scan_.take_word(letters));
    set(at, meaning);
  }

  void text(std::size_t at) {
    set(at, {Kind::text, to_.letters_.size()});
    to_.items_[at].bytes = letters();
  }

  /// Takes a text down; how many bytes it has.
  std::uint32_t letters() {
    auto const begin = to_.letters_.size();
    require(scan_.take_text(to_.letters_));
    return static_cast<std::uint32_t>(to_.letters_.size() - begin);
  }

  void number(std::size_t at) {
    auto const number = scan_.take_number();
    require(number.has_value());
    if (!whole<std::uint64_t>(at, *number, Kind::natural) && !whole<std::int64_t>(at, *number, Kind::integer)) real(at, *number);
  }

  template <class Whole>
  bool whole(std::size_t at, std::string_view number, Kind kind) {
    Whole value = 0;
    auto const [end, fault] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (fault != std::errc{} || end != number.data() + number.size()) return false;
    set(at, {kind, static_cast<std::uint64_t>(value)});
    return true;
  }

  void real(std::size_t at, std::string_view number) {
    double value = 0;
    auto const fault = std::from_chars(number.data(), number.data() + number.size(), value).ec;
    bool const is_tiny = number.find('-', 1) != std::string_view::npos;
    MUSTER_REQUIRE(fault == std::errc{} || is_tiny,
                   "{}: a number is too large for any machine; write the file anew with muster topology --json", to_.source_);
    set(at, {Kind::real, std::bit_cast<std::uint64_t>(fault == std::errc{} ? value : 0.0)});
  }

  void open(std::size_t at, Kind kind, int depth) {
    MUSTER_REQUIRE(depth < most_depth, "{}: nested more than {} deep (no machine is); write the file anew with muster topology "
                   "--json", to_.source_, most_depth);
    set(at, {kind, 0});
    scan_.take(kind == Kind::array ? '[' : '{');
    scan_.skip_blanks();
  }

  void array(std::size_t at, int depth) {
    open(at, Kind::array, depth);
    if (scan_.take(']')) return;
    do {
      scan_.skip_blanks();
      value({}, depth + 1);
      ++to_.items_[at].value;
    } while (scan_.take(','));
    require(scan_.take(']'));
  }

  void object(std::size_t at, int depth) {
    open(at, Kind::object, depth);
    if (scan_.take('}')) return;
    do {
      scan_.skip_blanks();
      Item item;
      item.key_at = static_cast<std::uint32_t>(to_.letters_.size());
      item.key_bytes = letters();
      scan_.skip_blanks();
      require(scan_.take(':'));
      scan_.skip_blanks();
      value(item, depth + 1);
      ++to_.items_[at].value;
    } while (scan_.take(','));
    require(scan_.take('}'));
  }

  JsonScanner scan_;
  JsonDocument& to_;
};

JsonDocument::JsonDocument(std::string const& text, std::string source) : source_(std::move(source)) {
  MUSTER_ASSERT(text.size() <= longest_json, "{} of JSON: readers of files and messages let no such thing pass", text.size());
  items_.reserve(text.size() / 16);
  letters_.reserve(text.size() / 2);
  JsonParser(text, *this).run();
}

std::string JsonDocument::path_of(std::uint32_t at) const {
  std::string path;
  for (std::uint32_t outer = 0; outer != at;) {
    std::size_t index = 0;
    auto inner = outer + 1;
    for (; item(inner).next <= at; inner = item(inner).next) ++index;
    if (item(outer).kind == Kind::array)
      path += fmt::format("[{}]", index);
    else
      path += fmt::format("{}{}", path.empty() ? "" : ".", printable(key_of(item(inner))));
    outer = inner;
  }
  return path;
}

void JsonDocument::show(std::uint32_t at, std::string& text) const {
  auto const& own = item(at);
  switch (own.kind) {
    case Kind::null: text += "null"; return;
    case Kind::boolean: text += own.value != 0 ? "true" : "false"; return;
    case Kind::integer: text += std::to_string(static_cast<std::int64_t>(own.value)); return;
    case Kind::natural: text += std::to_string(own.value); return;
    case Kind::real: text += plain_number(std::bit_cast<double>(own.value)); return;
    case Kind::text: text += fmt::format("\"{}\"", text_of(own)); return;
    case Kind::array:
    case Kind::object: show_inside(own, at, text);
  }
}

void JsonDocument::show_inside(Item const& own, std::uint32_t at, std::string& text) const {
  bool const is_object = own.kind == Kind::object;
  text += is_object ? '{' : '[';
  for (auto inner = at + 1; inner != own.next && text.size() < enough_to_show; inner = item(inner).next) {
    if (inner != at + 1) text += ',';
    if (is_object) text += fmt::format("\"{}\":", key_of(item(inner)));
    show(inner, text);
  }
  text += is_object ? '}' : ']';
}

void JsonValue::refuse(std::string const& why) const {
  auto path = document_->path_of(at_ == nowhere ? parent_ : at_);
  if (at_ == nowhere) path += fmt::format("{}{}", path.empty() ? "" : ".", key_);
  throw_error(Exit::user, "{}: {} {}; correct it, or write the file anew with muster topology --json", document_->source_,
              path.empty() ? "the document" : path, why);
}

bool JsonValue::is_null() const { return at_ == nowhere || document_->item(at_).kind == JsonDocument::Kind::null; }

JsonValue JsonValue::operator[](std::string_view key) const {
  if (is_null()) return {*document_, nowhere, at_ == nowhere ? parent_ : at_, key};
  auto const& own = document_->item(at_);
  if (own.kind != JsonDocument::Kind::object) refuse(fmt::format("is {} (must be an object)", shown()));
  for (auto at = at_ + 1; at != own.next; at = document_->item(at).next)
    if (document_->key_of(document_->item(at)) == key) return {*document_, at, at_, key};
  return {*document_, nowhere, at_, key};
}

JsonValue::Elements JsonValue::elements() const {
  if (is_null() || document_->item(at_).kind != JsonDocument::Kind::array)
    refuse(fmt::format("is {} (must be an array)", shown()));
  auto const& own = document_->item(at_);
  if (own.value > longest_array) refuse("has too many elements");
  return {document_, at_ + 1, own.next, own.value};
}

JsonValue::Elements::Iterator& JsonValue::Elements::Iterator::operator++() {
  at_ = document_->item(at_).next;
  return *this;
}

int JsonValue::count(std::int64_t least, std::int64_t most, int otherwise) const {
  if (is_null()) return otherwise;
  auto const& own = document_->item(at_);
  auto const value = static_cast<std::int64_t>(own.value);
  bool const is_whole = own.kind == JsonDocument::Kind::integer || own.kind == JsonDocument::Kind::natural;
  bool const is_beyond = own.kind == JsonDocument::Kind::natural && value < 0;  // above all signed ones
  if (!is_whole || is_beyond || value < least || value > most)
    refuse(fmt::format("= {} (must be a whole number, {} to {})", shown(), least, most));
  return static_cast<int>(value);
}

std::uint64_t JsonValue::bytes(std::uint64_t most) const {
  if (is_null()) return 0;
  auto const& own = document_->item(at_);
  if (own.kind != JsonDocument::Kind::natural || own.value > most)
    refuse(fmt::format("= {} (must be a whole number of bytes)", shown()));
  return own.value;
}

double JsonValue::number(double most) const {
  if (is_null()) return 0;
  auto const& own = document_->item(at_);
  double value = -1;
  if (own.kind == JsonDocument::Kind::real) value = std::bit_cast<double>(own.value);
  if (own.kind == JsonDocument::Kind::natural) value = static_cast<double>(own.value);
  if (!(value >= 0 && value <= most)) refuse(fmt::format("= {} (must be a number, 0 to {})", shown(), most));
  return value;
}

std::string_view JsonValue::text(std::size_t longest) const {
  if (is_null()) return "";
  auto const& own = document_->item(at_);
  if (own.kind != JsonDocument::Kind::text || own.bytes > longest)
    refuse(fmt::format("= {} (must be a text of at most {} bytes)", shown(), longest));
  return document_->text_of(own);
}

bool JsonValue::flag() const {
  if (is_null()) return false;
  auto const& own = document_->item(at_);
  if (own.kind != JsonDocument::Kind::boolean) refuse(fmt::format("= {} (must be true or false)", shown()));
  return own.value != 0;
}

std::string JsonValue::shown() const {
  std::string text;
  if (!is_null()) document_->show(at_, text);
  return is_null() ? "null" : printable(text);
}

}  // namespace muster::topology
