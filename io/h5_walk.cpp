#include "io/h5_walk.hpp"

#include <algorithm>
#include <cstring>

#include "core/sha256.hpp"
#include "core/text.hpp"
#include "io/text_rules.hpp"

namespace muster::io::h5 {
namespace {

constexpr std::size_t most_objects = 100'000;
constexpr std::size_t most_children = 10'000;
constexpr std::size_t most_attributes = 64;
constexpr std::size_t longest_name = 255;
constexpr int deepest = 8;

#if H5_VERSION_GE(1, 12, 0)
using ObjectInfo = H5O_info1_t;
#else
using ObjectInfo = H5O_info_t;
#endif

template <class T>
std::vector<T> copy_numbers(std::span<std::byte const> bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

/// The walk itself: what it has seen so far.
class Walker {
 public:
  Walker(std::filesystem::path const& path, std::uint64_t file_bytes, Writer writer)
      : path_(path), file_bytes_(file_bytes), writer_(writer) {}

  Walk run(hid_t file) {
    Object const root(MUSTER_H5(H5Oopen(file, "/", H5P_DEFAULT)));
    visit(root.get(), "/", 0);
    return {std::move(catalogue_), hash_.hex()};
  }

 private:
  Place place(std::string object) const { return {path_, std::move(object), file_bytes_, writer_}; }

  void visit(hid_t object, std::string const& name, int depth) {
    ObjectInfo info{};
    MUSTER_H5(H5Oget_info2(object, &info, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS));
    Place const here = place(name);
    // One name an object: rules out cycles, and the same data passing for two columns.
    if (info.rc > 1) refuse(here, "has more than one name");
    if (catalogue_.size() >= most_objects) refuse(here, "is one object too many");
    Entry entry;
    if (info.type == H5O_TYPE_GROUP) {
      hash_text("G", name);
      visit_attributes(object, name, info.num_attrs, entry);
      entry.children = children_of(object, here);
    } else if (info.type == H5O_TYPE_DATASET) {
      entry.kind = Entry::Kind::dataset;
      visit_dataset(object, here, entry);
      visit_attributes(object, name, info.num_attrs, entry);
    } else {
      refuse(here, "is neither a group nor a dataset");
    }
    auto const children = entry.children;
    catalogue_.emplace(name, std::move(entry));
    for (std::string const& child : children) visit_child(object, name, child, depth);
  }

  void visit_child(hid_t group, std::string const& name, std::string const& child, int depth) {
    std::string const child_name = (name == "/" ? name : name + "/") + child;
    Place const here = place(child_name);
    if (depth >= deepest) refuse(here, "lies too deep");
    H5L_info_t link{};
    MUSTER_H5(H5Lget_info(group, child.c_str(), &link, H5P_DEFAULT));
    if (link.type != H5L_TYPE_HARD)
      refuse(here, "is a link to elsewhere, which muster does not write");
    Object const object(MUSTER_H5(H5Oopen(group, child.c_str(), H5P_DEFAULT)));
    visit(object.get(), child_name, depth + 1);
  }

  std::vector<std::string> children_of(hid_t group, Place const& here) const {
    H5G_info_t info{};
    MUSTER_H5(H5Gget_info(group, &info));
    if (info.nlinks > most_children) refuse(here, fmt::format("has {} members", info.nlinks));
    std::vector<std::string> names;
    for (hsize_t i = 0; i < info.nlinks; ++i) names.push_back(link_name(group, i, here));
    std::sort(names.begin(), names.end());
    return names;
  }

  static std::string link_name(hid_t group, hsize_t index, Place const& here) {
    char buffer[longest_name + 1] = {};
    ssize_t const length = MUSTER_H5(H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC,
                                                        index, buffer, sizeof buffer, H5P_DEFAULT));
    std::string name(buffer);
    if (static_cast<std::size_t>(length) != name.size() || name.empty() || !is_clean_text(name))
      refuse(here, "has a member without a proper name");
    return name;
  }

  void visit_dataset(hid_t dataset, Place const& here, Entry& entry) {
    entry.shape = shape_of_dataset(dataset, here);
    hash_text("D", here.object);
    hash_shape(entry.shape);
    for_each_block(dataset, entry.shape, here,
                   [&](std::span<std::byte const> bytes) { hash_data(bytes, entry.shape, here); });
  }

  void visit_attributes(hid_t object, std::string const& owner, hsize_t count, Entry& entry) {
    if (count > most_attributes) refuse(place(owner), fmt::format("has {} attributes", count));
    for (hsize_t i = 0; i < count; ++i) {
      Attribute const attribute(MUSTER_H5(
          H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, i, H5P_DEFAULT, H5P_DEFAULT)));
      char buffer[longest_name + 1] = {};
      ssize_t const length = MUSTER_H5(H5Aget_name(attribute.get(), sizeof buffer, buffer));
      std::string const name(buffer);
      if (static_cast<std::size_t>(length) != name.size() || !is_clean_text(name))
        refuse(place(owner), "has an attribute without a proper name");
      entry.attributes.emplace(name, read_entry(attribute.get(), name, owner));
    }
    // std::map has them in the order of their bytes, whatever the library's order is.
    for (auto const& [name, value] : entry.attributes)
      if (owner != "/" || name != checksum_attribute) hash_attribute(owner, name, value);
  }

  AttributeEntry read_entry(hid_t attribute, std::string const& name, std::string const& owner) {
    Place const here = place(fmt::format("attribute \"{}\" of {}", name, owner));
    Shape const shape = shape_of_attribute(attribute, here);
    return {shape, values_of(read_attribute(attribute, shape), shape, here)};
  }

  void hash_attribute(std::string const& owner, std::string const& name,
                      AttributeEntry const& entry) {
    hash_text("A", owner);
    hash_text("", name);
    hash_shape(entry.shape);
    std::visit([&](auto const& values) { hash_values(values); }, entry.values);
  }

  void hash_values(std::vector<std::string> const& texts) {
    for (std::string const& text : texts) hash_text("", text);
  }
  template <class T>
  void hash_values(std::vector<T> const& numbers) {
    hash_.update(std::as_bytes(std::span(numbers)));
  }

  void hash_text(std::string_view tag, std::string_view text) {
    hash_.update(tag).update_u64(text.size()).update(text);
  }

  void hash_shape(Shape const& shape) {
    char const letter = static_cast<char>(shape.element);
    hash_.update(std::string_view(&letter, 1)).update_u64(shape.dims.size());
    for (std::uint64_t const extent : shape.dims) hash_.update_u64(extent);
  }

  void hash_data(std::span<std::byte const> bytes, Shape const& shape, Place const& here) {
    if (shape.element != Element::text) {
      hash_.update(bytes);
      return;
    }
    for (std::size_t i = 0; i < bytes.size(); i += shape.element_bytes)
      hash_text("", text_of(bytes.subspan(i, shape.element_bytes), here));
  }

  std::filesystem::path const& path_;
  std::uint64_t file_bytes_;
  Writer writer_;
  Catalogue catalogue_;
  Sha256 hash_;
};

}  // namespace

Values values_of(std::span<std::byte const> bytes, Shape const& shape, Place const& place) {
  switch (shape.element) {
    case Element::real:
      return copy_numbers<double>(bytes);
    case Element::integer:
      return copy_numbers<std::int64_t>(bytes);
    case Element::natural:
      return copy_numbers<std::uint64_t>(bytes);
    case Element::byte:
      return copy_numbers<std::uint8_t>(bytes);
    case Element::text:
      break;
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < bytes.size(); i += shape.element_bytes)
    texts.emplace_back(text_of(bytes.subspan(i, shape.element_bytes), place));
  return texts;
}

Walk walk(hid_t file, std::filesystem::path const& path, std::uint64_t file_bytes, Writer writer) {
  return Walker(path, file_bytes, writer).run(file);
}

AttributeEntry find_attribute(hid_t object, std::string const& name, Place const& owner) {
  if (MUSTER_H5(H5Aexists(object, name.c_str())) == 0)
    refuse(owner, fmt::format("has no attribute \"{}\"", name));
  Attribute const attribute(MUSTER_H5(H5Aopen(object, name.c_str(), H5P_DEFAULT)));
  Place const here{owner.file, fmt::format("attribute \"{}\" of {}", name, owner.object),
                   owner.file_bytes};
  Shape const shape = shape_of_attribute(attribute.get(), here);
  return {shape, values_of(read_attribute(attribute.get(), shape), shape, here)};
}

}  // namespace muster::io::h5
