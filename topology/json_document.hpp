// JSON as a flat list of values. A tree of small allocations takes longer for 10 000 GPUs than planning for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster::topology {

class JsonDocument;

/// A value of a document, which must outlive it; a member that is not there is null. What throws, throws Error
/// (Exit::user) that names the document, the value's path and the value. Keys are literals: they are not copied; of two
/// members with one key the first counts.
class JsonValue {
 public:
  class Elements;

  [[noreturn]] void refuse(std::string const& why) const;
  bool is_null() const;
  JsonValue operator[](std::string_view key) const;
  /// Of an array.
  Elements elements() const;
  /// A null is `otherwise`, 0, "" or false.
  int count(std::int64_t least, std::int64_t most, int otherwise) const;
  std::uint64_t bytes(std::uint64_t most) const;
  double number(double most) const;
  std::string_view text(std::size_t longest) const;
  bool flag() const;
  /// As JSON, cut to a length that a message can bear.
  std::string shown() const;

 private:
  friend class JsonDocument;
  static constexpr std::uint32_t nowhere = UINT32_MAX;
  JsonValue(JsonDocument const& document, std::uint32_t at, std::uint32_t parent, std::string_view key)
      : document_(&document), at_(at), parent_(parent), key_(key) {}

  JsonDocument const* document_;
  std::uint32_t at_;         ///< place in the document; `nowhere` for a member that is not there,
  std::uint32_t parent_;     ///< which its parent and
  std::string_view key_;     ///< key name
};

class JsonDocument {
 public:
  /// Throws Error (Exit::user) naming `source` for what is no JSON, or nested beyond any machine.
  JsonDocument(std::string const& text, std::string source);
  JsonDocument(JsonDocument const&) = delete;
  JsonDocument& operator=(JsonDocument const&) = delete;

  JsonValue root() const { return {*this, 0, JsonValue::nowhere, {}}; }

 private:
  friend class JsonValue;
  friend class JsonParser;
  enum class Kind : std::uint8_t { null, boolean, integer, natural, real, text, array, object };
  struct Item {
    std::uint64_t value = 0;      ///< bits of a number; place in `letters_`; number of elements
    std::uint32_t bytes = 0;      ///< of a text
    std::uint32_t next = 0;       ///< place of the first value that is not inside this one
    std::uint32_t key_at = 0;     ///< in `letters_`
    std::uint32_t key_bytes = 0;
    Kind kind = Kind::null;
  };

  Item const& item(std::uint32_t at) const { return items_[at]; }
  std::string_view key_of(Item const& item) const { return std::string_view(letters_).substr(item.key_at, item.key_bytes); }
  std::string_view text_of(Item const& item) const { return std::string_view(letters_).substr(item.value, item.bytes); }
  std::string path_of(std::uint32_t at) const;
  void show(std::uint32_t at, std::string& text) const;
  void show_inside(Item const& own, std::uint32_t at, std::string& text) const;

  std::string const source_;
  std::vector<Item> items_;  ///< each before what it holds
  std::string letters_;      ///< of all keys and texts
};

/// The elements of an array, in order.
class JsonValue::Elements {
 public:
  class Iterator {
   public:
    JsonValue operator*() const { return {*document_, at_, JsonValue::nowhere, {}}; }
    Iterator& operator++();
    bool operator!=(Iterator const& other) const { return at_ != other.at_; }

   private:
    friend class Elements;
    Iterator(JsonDocument const* document, std::uint32_t at) : document_(document), at_(at) {}
    JsonDocument const* document_;
    std::uint32_t at_;
  };
  std::size_t size() const { return size_; }
  Iterator begin() const { return {document_, first_}; }
  Iterator end() const { return {document_, end_}; }

 private:
  friend class JsonValue;
  Elements(JsonDocument const* document, std::uint32_t first, std::uint32_t end, std::size_t size)
      : document_(document), first_(first), end_(end), size_(size) {}
  JsonDocument const* document_;
  std::uint32_t first_, end_;
  std::size_t size_;
};

}  // namespace muster::topology
