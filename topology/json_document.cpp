#include "topology/json_document.hpp"

#include <fmt/core.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"

namespace muster::topology {

using Json = nlohmann::json;

namespace {

constexpr std::size_t most_depth = 32;
constexpr std::size_t most_items = std::size_t{1} << 26;
constexpr std::size_t most_elements = std::size_t{1} << 20;
/// More than a message shows.
constexpr std::size_t enough_to_show = 100;

}  // namespace

/// Takes down what nlohmann's parser comes upon.
class JsonListener : public nlohmann::json_sax<Json> {
 public:
  explicit JsonListener(JsonDocument& document) : to_(document) {}

  bool null() override { return add(Kind::null, 0); }
  bool boolean(bool value) override { return add(Kind::boolean, value ? 1 : 0); }
  bool number_integer(std::int64_t value) override { return add(Kind::integer, static_cast<std::uint64_t>(value)); }
  bool number_unsigned(std::uint64_t value) override { return add(Kind::natural, value); }
  bool number_float(double value, std::string const&) override { return add(Kind::real, std::bit_cast<std::uint64_t>(value)); }
  bool string(std::string& value) override {
    auto const at = to_.letters_.size();
    to_.letters_ += value;
    add(Kind::text, at);
    to_.items_.back().bytes = static_cast<std::uint32_t>(value.size());
    return true;
  }
  bool binary(Json::binary_t&) override { return false; }
  bool key(std::string& key) override {
    key_at_ = to_.letters_.size();
    to_.letters_ += key;
    return true;
  }
  bool start_object(std::size_t) override { return open(Kind::object); }
  bool start_array(std::size_t) override { return open(Kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t position, std::string const&, nlohmann::detail::exception const& fault) override {
    // 406: a number that no double holds.
    MUSTER_REQUIRE(fault.id != 406, "{}: a number is too large for any machine; write the file anew with muster topology --json",
                   to_.source_);
    throw_error(Exit::user, "{}: not JSON (at byte {}); write the file anew with muster topology --json", to_.source_, position);
  }

 private:
  using Kind = JsonDocument::Kind;

  bool add(Kind kind, std::uint64_t value) {
    MUSTER_REQUIRE(to_.items_.size() < most_items, "{}: more than {} values (no cluster needs so many); write the file anew with "
                   "muster topology --json", to_.source_, most_items);
    JsonDocument::Item item;
    item.kind = kind;
    item.value = value;
    item.next = static_cast<std::uint32_t>(to_.items_.size()) + 1;
    if (!open_.empty() && to_.items_[open_.back()].kind == Kind::object) {
      item.key_at = key_at_;
      item.key_bytes = static_cast<std::uint32_t>((kind == Kind::text ? value : to_.letters_.size()) - key_at_);
    }
    if (!open_.empty()) ++to_.items_[open_.back()].value;
    to_.items_.push_back(item);
    return true;
  }
  bool open(Kind kind) {
    MUSTER_REQUIRE(open_.size() < most_depth, "{}: nested more than {} deep (no machine is); write the file anew with muster "
                   "topology --json", to_.source_, most_depth);
    add(kind, 0);
    open_.push_back(static_cast<std::uint32_t>(to_.items_.size()) - 1);
    return true;
  }
  bool close() {
    to_.items_[open_.back()].next = static_cast<std::uint32_t>(to_.items_.size());
    open_.pop_back();
    return true;
  }

  JsonDocument& to_;
  std::vector<std::uint32_t> open_;
  std::size_t key_at_ = 0;
};

JsonDocument::JsonDocument(std::string const& text, std::string source) : source_(std::move(source)) {
  items_.reserve(text.size() / 16);
  letters_.reserve(text.size() / 2);
  JsonListener listener(*this);
  Json::sax_parse(text.data(), text.data() + text.size(), &listener);
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
    case Kind::real: text += Json(std::bit_cast<double>(own.value)).dump(); return;
    case Kind::text: text += Json(text_of(own)).dump(); return;
    case Kind::array:
    case Kind::object: show_inside(own, at, text);
  }
}

void JsonDocument::show_inside(Item const& own, std::uint32_t at, std::string& text) const {
  bool const is_object = own.kind == Kind::object;
  text += is_object ? '{' : '[';
  for (auto inner = at + 1; inner != own.next && text.size() < enough_to_show; inner = item(inner).next) {
    if (inner != at + 1) text += ',';
    if (is_object) text += Json(key_of(item(inner))).dump() + ':';
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
  if (own.value > most_elements) refuse("has too many elements");
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
