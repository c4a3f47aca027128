#include "cli/value.hpp"

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

bool is_json(std::string const& text) { return Json::accept(text); }

}  // namespace muster::cli
