#include "topology/links.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace muster::topology {
namespace {

constexpr int most_nvlinks = 64;
constexpr std::array<std::pair<std::string_view, LinkKind>, 6> link_words{{{"?", LinkKind::unknown},
                                                                           {"SYS", LinkKind::system},
                                                                           {"NODE", LinkKind::node},
                                                                           {"PHB", LinkKind::host_bridge},
                                                                           {"PXB", LinkKind::pcie_switches},
                                                                           {"PIX", LinkKind::pcie_switch}}};

}  // namespace

std::string to_string(Link const& link) {
  if (link.kind == LinkKind::nvlink) return fmt::format("NV{}", link.nvlinks);
  for (auto const& [word, kind] : link_words)
    if (kind == link.kind) return std::string(word);
  return "?";
}

std::optional<Link> parse_link(std::string_view word) {
  if (word == "SOC") word = "SYS";
  for (auto const& [known, kind] : link_words)
    if (known == word) return Link{kind, 0, Peer::unknown};
  if (!word.starts_with("NV")) return std::nullopt;
  int count = 0;
  auto const digits = word.substr(2);
  auto const [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (fault != std::errc{} || end != digits.data() + digits.size() || count < 1 || count > most_nvlinks)
    return std::nullopt;
  return Link{LinkKind::nvlink, count, Peer::unknown};
}

}  // namespace muster::topology
