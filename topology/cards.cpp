#include "topology/cards.hpp"

#include <algorithm>
#include <cstdlib>

namespace muster::topology {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 80 for "80GB", "80G" and "80"; 0 for what is no memory size.
int memory_word(std::string_view word) {
  auto const digits = std::find_if_not(word.begin(), word.end(), is_digit) - word.begin();
  auto const unit = word.substr(static_cast<std::size_t>(digits));
  if (digits == 0 || digits > 3 || !(unit.empty() || unit == "G" || unit == "GB")) return 0;
  return std::atoi(std::string(word.substr(0, static_cast<std::size_t>(digits))).c_str());
}

bool stands_for(std::string_view asked, std::vector<std::string> const& name, Card const& card) {
  if (std::find(name.begin(), name.end(), asked) != name.end()) return true;
  if (memory_word(asked) == card.memory_gb) return true;
  // "A100 SXM" for SXM4, and for an HBM card whose name leaves its socket out.
  bool const has_socket = card.fabric != Fabric::pcie && asked.starts_with("SXM");
  return has_socket && (asked == "SXM" || std::none_of(name.begin(), name.end(), [](auto const& word) {
                          return word.starts_with("SXM");
                        }));
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool is_same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return upper(x) == upper(y); });
}

/// What a name says beside the chip; a bare chip name means the card without them.
bool is_variant(std::string_view word) {
  return word == "TI" || word == "SUPER" || word == "LAPTOP" || word == "D";
}

bool fits(std::vector<std::string> const& asked, Card const& card) {
  auto const name = words_of(card.name);
  auto const is_asked = [&](std::string const& word) {
    return std::find(asked.begin(), asked.end(), word) != asked.end();
  };
  return std::all_of(asked.begin(), asked.end(),
                     [&](auto const& word) { return stands_for(word, name, card); }) &&
         std::all_of(name.begin(), name.end(),
                     [&](auto const& word) { return !is_variant(word) || is_asked(word); });
}

/// Words that say nothing about which card it is.
bool is_filler(std::string_view word) {
  return word == "NVIDIA" || word == "GEFORCE" || word == "TESLA" || word == "QUADRO" || word == "GPU" ||
         word == "GB" || word == "G";
}

/// Whether a word of the chip itself is there: "80GB" or "RTX" alone names nothing.
bool names_a_chip(std::vector<std::string> const& asked) {
  return std::any_of(asked.begin(), asked.end(), [](auto const& word) {
    return memory_word(word) == 0 && !is_variant(word) && word != "RTX" && word != "GTX" &&
           !word.starts_with("SXM") && !word.starts_with("PCI");
  });
}

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (char const c : name) {
    if (c == ' ' || c == '-')
      words.emplace_back();
    else
      words.back() += upper(c);
  }
  std::erase(words, "");
  return words;
}

Card const* find_card(std::string_view driver_name, int memory_gb) {
  Card const* best = nullptr;
  for (auto const& card : cards()) {
    if (!is_same_name(card.name, driver_name)) continue;
    auto const is_nearer = [memory_gb](Card const& a, Card const& b) {
      return std::abs(a.memory_gb - memory_gb) < std::abs(b.memory_gb - memory_gb);
    };
    if (best == nullptr || (memory_gb > 0 && is_nearer(card, *best))) best = &card;
  }
  return best;
}

Card const* card_meant_by(std::string_view words) {
  auto asked = words_of(words);
  std::erase_if(asked, [](auto const& word) { return is_filler(word); });
  if (!names_a_chip(asked)) return nullptr;
  auto const all = cards();
  auto const found = std::find_if(all.begin(), all.end(), [&](auto const& card) { return fits(asked, card); });
  return found == all.end() ? nullptr : &*found;
}

std::string short_name(Card const& card) {
  auto name = card.name;
  for (std::string_view const brand : {"NVIDIA ", "GeForce ", "Tesla ", "Quadro "})
    if (name.starts_with(brand)) name.remove_prefix(brand.size());
  for (std::string_view const tail : {" GPU", " Generation"})
    if (name.ends_with(tail)) name.remove_suffix(tail.size());
  return std::string(name);
}

}  // namespace muster::topology
