#include "topology/nvml_links.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace muster::topology {
namespace {

bool is_active(NvmlLibrary const& library, nvml::Device device, unsigned link) {
  unsigned state = 0;
  return library.call("nvmlDeviceGetNvLinkState", device, link, &state) && state == nvml::feature_enabled;
}

/// Where one card's links go.
struct NvlinkEnds {
  int to_switches = 0;
  std::vector<std::string> to_cards;  ///< PCI addresses, one for each link
};

NvlinkEnds read_ends(NvmlLibrary const& library, nvml::Device device) {
  NvlinkEnds ends;
  for (unsigned link = 0; link < nvml::most_nvlinks; ++link) {
    if (!is_active(library, device, link)) continue;
    int type = 0;
    bool const is_switch =
        library.call("nvmlDeviceGetNvLinkRemoteDeviceType", device, link, &type) && type == nvml::remote_is_switch;
    nvml::Pci pci{};
    if (is_switch)
      ++ends.to_switches;
    else if (library.call("nvmlDeviceGetNvLinkRemotePciInfo_v2", device, link, &pci))
      ends.to_cards.push_back(normal_pci_address({pci.bus_id, strnlen(pci.bus_id, sizeof pci.bus_id)}));
  }
  return ends;
}

LinkKind pcie_kind(NvmlLibrary const& library, nvml::Device a, nvml::Device b) {
  int level = -1;
  if (!library.call("nvmlDeviceGetTopologyCommonAncestor", a, b, &level)) return LinkKind::unknown;
  switch (level) {
    case nvml::level_internal:
    case nvml::level_single: return LinkKind::pcie_switch;
    case nvml::level_multiple: return LinkKind::pcie_switches;
    case nvml::level_host_bridge: return LinkKind::host_bridge;
    case nvml::level_node: return LinkKind::node;
    case nvml::level_system: return LinkKind::system;
    default: return LinkKind::unknown;
  }
}

Peer peer_of(NvmlLibrary const& library, nvml::Device a, nvml::Device b) {
  int status = nvml::p2p_unknown;
  if (!library.call("nvmlDeviceGetP2PStatus", a, b, nvml::p2p_read, &status) || status == nvml::p2p_unknown)
    return Peer::unknown;
  return status == nvml::p2p_ok ? Peer::yes : Peer::no;
}

}  // namespace

int count_nvlinks(NvmlLibrary const& library, nvml::Device device) {
  int active = 0;
  for (unsigned link = 0; link < nvml::most_nvlinks; ++link)
    if (is_active(library, device, link)) ++active;
  return active;
}

std::vector<Link> read_links(NvmlLibrary const& library, std::vector<nvml::Device> const& devices,
                             std::vector<Gpu> const& gpus) {
  auto const count = devices.size();
  if (count < 2) return {};
  std::vector<NvlinkEnds> ends;
  for (auto* const device : devices) ends.push_back(read_ends(library, device));
  std::vector<Link> links(count * count);
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = 0; b < count; ++b) {
      if (a == b) continue;
      auto const direct = std::count(ends[a].to_cards.begin(), ends[a].to_cards.end(), gpus[b].pci_address);
      auto const nvlinks = static_cast<int>(direct) + std::min(ends[a].to_switches, ends[b].to_switches);
      links[a * count + b] = {nvlinks > 0 ? LinkKind::nvlink : pcie_kind(library, devices[a], devices[b]), nvlinks,
                              peer_of(library, devices[a], devices[b])};
    }
  return links;
}

std::vector<Link> links_of(NvmlFacts const& nvml, std::vector<std::size_t> const& card_of) {
  auto const count = card_of.size(), cards = nvml.gpus.size();
  if (count < 2) return {};
  std::vector<Link> links(count * count);
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = 0; b < count; ++b) {
      if (a == b) continue;
      auto& link = links[a * count + b];
      bool const has_slice = nvml.gpus[card_of[a]].mig == Mig::on || nvml.gpus[card_of[b]].mig == Mig::on;
      if (card_of[a] != card_of[b]) link = nvml.links[card_of[a] * cards + card_of[b]];
      if (has_slice) link.peer = Peer::no;
      if (has_slice && link.kind == LinkKind::nvlink) link = {LinkKind::unknown, 0, Peer::no};
    }
  return links;
}

}  // namespace muster::topology
