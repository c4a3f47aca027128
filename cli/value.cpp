#include "cli/value.hpp"

#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace muster::cli {

using Json = nlohmann::ordered_json;

struct ToJson {
  static Json of(Value const& value) { return std::visit(ToJson{}, value.data_); }

  Json operator()(std::monostate) const { return nullptr; }
  Json operator()(Value::Array const& array) const {
    auto json = Json::array();
    for (auto const& element : array) json.push_back(of(element));
    return json;
  }
  Json operator()(Value::Object const& object) const {
    auto json = Json::object();
    for (auto const& [key, value] : object) json[key] = of(value);
    return json;
  }
  Json operator()(Value::Raw const& raw) const { return Json::parse(raw.json); }
  template <class Plain>
  Json operator()(Plain const& plain) const {
    return plain;
  }
};

namespace {

Value from_json(Json const& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_unsigned()) return json.get<std::uint64_t>();
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    Value::Array array;
    for (auto const& element : json) array.push_back(from_json(element));
    return array;
  }
  if (!json.is_object()) return {};
  Value::Object object;
  for (auto const& [key, value] : json.items()) object.emplace_back(key, from_json(value));
  return object;
}

}  // namespace

Value Value::parse(std::string_view json) {
  auto const read = Json::parse(json, nullptr, false);
  return read.is_discarded() ? Value() : from_json(read);
}

Value const* Value::find(std::string_view key) const {
  auto const* const object = std::get_if<Object>(&data_);
  if (object == nullptr) return nullptr;
  for (auto const& [name, value] : *object)
    if (name == key) return &value;
  return nullptr;
}

double Value::number() const {
  if (auto const* const number = std::get_if<double>(&data_)) return *number;
  if (auto const* const number = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*number);
  if (auto const* const number = std::get_if<std::uint64_t>(&data_)) return static_cast<double>(*number);
  return std::numeric_limits<double>::quiet_NaN();
}

void Value::set(std::string key, Value value) {
  if (std::holds_alternative<std::monostate>(data_)) data_ = Object{};
  auto* const object = std::get_if<Object>(&data_);
  MUSTER_ASSERT(object != nullptr, "a member was added to something that is no object");
  object->emplace_back(std::move(key), std::move(value));
}

void Value::push(Value value) {
  if (std::holds_alternative<std::monostate>(data_)) data_ = Array{};
  auto* const array = std::get_if<Array>(&data_);
  MUSTER_ASSERT(array != nullptr, "an element was added to something that is no array");
  array->push_back(std::move(value));
}

std::string Value::dump() const { return ToJson::of(*this).dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace muster::cli
