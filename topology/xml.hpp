// Enough XML to read what nvidia-smi writes: elements, their attributes and text. Bounded in depth and
// number of elements, because a file may be hostile.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::topology {

struct XmlElement {
  std::string name;
  std::string id;    ///< the attribute of that name, the only one read
  std::string text;  ///< of this element alone, trimmed
  std::vector<XmlElement> children;

  /// The first child of that name, or nullptr.
  XmlElement const* find(std::string_view child) const;
  /// The text at "a/b/c" below this element; empty where there is none.
  std::string_view at(std::string_view path) const;
};

/// The root element, or nullopt and the reason with the line.
std::optional<XmlElement> parse_xml(std::string_view text, std::string& fault);

}  // namespace muster::topology
