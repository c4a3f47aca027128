// The typed makers of fields; included by core/schema.hpp.
#pragma once

#include "core/schema.hpp"

namespace muster::schema {

/// Makers of the fields of one struct; each binds a member to a key.
template <class Record>
struct Of {
  template <auto Member>
  using MemberType = std::remove_cvref_t<decltype(std::declval<Record&>().*Member)>;

  template <auto Member>
  static Field number(std::string_view key, std::string_view unit, Range range,
                      std::string_view help) {
    static_assert(std::same_as<MemberType<Member>, double>);
    return bound<Member>(key, Type::number, unit, range, help);
  }
  template <auto Member>
  static Field count(std::string_view key, std::string_view unit, Range range,
                     std::string_view help) {
    static_assert(std::same_as<MemberType<Member>, std::uint64_t>);
    return bound<Member>(key, Type::count, unit, range, help);
  }
  template <auto Member>
  static Field flag(std::string_view key, std::string_view help) {
    static_assert(std::same_as<MemberType<Member>, bool>);
    return bound<Member>(key, Type::flag, "", {}, help);
  }
  template <auto Member>
  static Field text(std::string_view key, std::string_view help) {
    static_assert(std::same_as<MemberType<Member>, std::string>);
    return bound<Member>(key, Type::text, "", {}, help);
  }
  template <auto Member>
  static Field numbers(std::string_view key, std::string_view unit, Range range,
                       std::string_view help) {
    static_assert(std::same_as<MemberType<Member>, std::vector<double>>);
    return bound<Member>(key, Type::numbers, unit, range, help);
  }
  /// A list of texts; one text alone is a list of one.
  template <auto Member>
  static Field texts(std::string_view key, std::string_view help) {
    static_assert(std::same_as<MemberType<Member>, std::vector<std::string>>);
    return bound<Member>(key, Type::texts, "", {}, help);
  }
  template <auto Member>
  static Field choice(std::string_view key, Names names, std::string_view help) {
    using Enum = MemberType<Member>;
    static_assert(std::is_enum_v<Enum>);
    Field field = bound<Member>(key, Type::choice, "", {}, help);
    field.names = names;
    field.get = [](void const* r) {
      return static_cast<int>(static_cast<Record const*>(r)->*Member);
    };
    field.set = [](void* r, int value) {
      static_cast<Record*>(r)->*Member = static_cast<Enum>(value);
    };
    return field;
  }
  /// A list of different names of an enum.
  template <auto Member>
  static Field choices(std::string_view key, Names names, std::string_view help) {
    using Enum = typename MemberType<Member>::value_type;
    static_assert(std::is_enum_v<Enum>);
    Field field = listed<Member>(key, Type::choices, help);
    field.names = names;
    field.get_item = [](void const* r, std::size_t i) {
      return static_cast<int>((static_cast<Record const*>(r)->*Member)[i]);
    };
    field.push = [](void* r, int value) {
      (static_cast<Record*>(r)->*Member).push_back(static_cast<Enum>(value));
    };
    return field;
  }
  /// A sub-table.
  template <auto Member>
  static Field record(std::string_view key, Table const& (*table)(), std::string_view help) {
    Field field = bound<Member>(key, Type::record, "", {}, help);
    field.table = table;
    return field;
  }
  /// An array of tables.
  template <auto Member>
  static Field records(std::string_view key, Table const& (*table)(), std::string_view help) {
    Field field = listed<Member>(key, Type::records, help);
    field.table = table;
    field.item = [](void* r, std::size_t i) -> void* {
      return &(static_cast<Record*>(r)->*Member)[i];
    };
    field.append = [](void* r) -> void* {
      return &(static_cast<Record*>(r)->*Member).emplace_back();
    };
    return field;
  }
  /// A value with its own reader and text.
  static Field custom(std::string_view key, std::string_view unit, Range range,
                      std::string_view help, Custom hooks) {
    Field field;
    field.key = key;
    field.type = Type::custom;
    field.unit = unit;
    field.range = range;
    field.help = help;
    field.custom = hooks;
    return field;
  }
  /// The table. A struct with a member `schema::Marks marks` keeps its marks there.
  static Table table(std::string_view name, std::string_view help, std::vector<Field> fields) {
    Table made{.name = name, .help = help, .fields = std::move(fields), .variant_names = {}};
    made.make = [] { return std::static_pointer_cast<void>(std::make_shared<Record>()); };
    if constexpr (requires(Record r) {
                    { r.marks } -> std::same_as<Marks&>;
                  })
      made.marks = [](void* r) { return &static_cast<Record*>(r)->marks; };
    return made;
  }

 private:
  template <auto Member>
  static Field bound(std::string_view key, Type type, std::string_view unit, Range range,
                     std::string_view help) {
    Field field;
    field.key = key;
    field.type = type;
    field.unit = unit;
    field.range = range;
    field.help = help;
    field.at = [](void* r) -> void* { return &(static_cast<Record*>(r)->*Member); };
    return field;
  }
  template <auto Member>
  static Field listed(std::string_view key, Type type, std::string_view help) {
    Field field = bound<Member>(key, type, "", {}, help);
    field.size = [](void const* r) { return (static_cast<Record const*>(r)->*Member).size(); };
    field.clear = [](void* r) { (static_cast<Record*>(r)->*Member).clear(); };
    return field;
  }
};

}  // namespace muster::schema
