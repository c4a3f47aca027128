// A document for --json: built by the commands, written by value.cpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace muster::cli {

/// A JSON value. Objects keep the order in which members were added.
class Value {
 public:
  using Array = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  using Object = std::vector<Member>;

  Value() = default;  ///< null
  Value(bool flag) : data_(flag) {}
  template <std::signed_integral Number>
  Value(Number number) : data_(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral Number>
    requires(!std::same_as<Number, bool>)
  Value(Number number) : data_(static_cast<std::uint64_t>(number)) {}
  /// NaN and infinities, which JSON has no word for, become null.
  Value(double number) : data_(number) {}
  Value(char const* text) : data_(std::string(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(Array array) : data_(std::move(array)) {}
  Value(Object object) : data_(std::move(object)) {}

  static Value object(std::initializer_list<Member> members) { return Value(Object(members)); }
  /// Text that is JSON already, e.g. what topology writes. Must be one whole JSON value.
  static Value raw(std::string json) { return Value(Raw{std::move(json)}); }

  /// Adds a member to an object (a null becomes one).
  void set(std::string key, Value value);
  /// Adds an element to an array (a null becomes one).
  void push(Value value);

  /// The value as JSON text with an indent of two blanks, no newline at the end. Bytes that are not
  /// UTF-8 are replaced.
  std::string dump() const;

 private:
  struct Raw {
    std::string json;
  };
  using Data = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array,
                            Object, Raw>;
  explicit Value(Raw raw) : data_(std::move(raw)) {}
  friend struct ToJson;
  Data data_;
};

/// Whether a text is one whole value, as a reader of JSON sees it.
bool is_json(std::string const& text);

}  // namespace muster::cli
