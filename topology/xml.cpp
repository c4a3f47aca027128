#include "topology/xml.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.hpp"

namespace muster::topology {
namespace {

constexpr int deepest = 32;
constexpr int most_elements = 200'000;

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c == ':';
}

std::string decoded(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> entities{
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string plain;
  while (!text.empty()) {
    auto const found = std::find_if(entities.begin(), entities.end(),
                                    [text](auto const& entity) { return text.starts_with(entity.first); });
    plain += found == entities.end() ? text.front() : found->second;
    text.remove_prefix(found == entities.end() ? 1 : found->first.size());
  }
  return plain;
}

class XmlParser {
 public:
  XmlParser(std::string_view text, std::string& fault) : text_(text), fault_(fault) {}

  std::optional<XmlElement> document() {
    if (!skip_between() || !starts("<")) return fail("no element begins here");
    XmlElement root;
    if (!element(root, 0) || !skip_between()) return std::nullopt;
    if (here_ != text_.size()) return fail("something follows the root element");
    return root;
  }

 private:
  std::nullopt_t fail(std::string_view why) {
    auto const line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(here_), '\n');
    if (fault_.empty()) fault_ = fmt::format("line {}: {}", line, why);
    return std::nullopt;
  }
  bool refuse(std::string_view why) {
    fail(why);
    return false;
  }
  bool starts(std::string_view with) const { return text_.substr(here_).starts_with(with); }
  bool skip_past(std::string_view end) {
    auto const found = text_.find(end, here_);
    if (found == std::string_view::npos) return refuse(fmt::format("\"{}\" is missing", end));
    here_ = found + end.size();
    return true;
  }
  void skip_blanks() {
    while (here_ < text_.size() && std::string_view(" \t\r\n").find(text_[here_]) != std::string_view::npos) ++here_;
  }
  /// Blanks, comments, the declaration and the document type, which is not followed.
  bool skip_between() {
    while (true) {
      skip_blanks();
      if (starts("<!--")) {
        if (!skip_past("-->")) return false;
      } else if (starts("<?")) {
        if (!skip_past("?>")) return false;
      } else if (starts("<!")) {
        if (!skip_past(">")) return false;
      } else {
        return true;
      }
    }
  }
  std::string name() {
    auto const begin = here_;
    while (here_ < text_.size() && is_name(text_[here_])) ++here_;
    return std::string(text_.substr(begin, here_ - begin));
  }

  /// At "<": reads the whole element.
  bool element(XmlElement& into, int depth) {
    if (depth > deepest || ++elements_ > most_elements) return refuse("too many elements, or too deep");
    ++here_;
    into.name = name();
    if (into.name.empty()) return refuse("an element has no name");
    if (!attributes(into)) return false;
    if (starts("/>")) {
      here_ += 2;
      return true;
    }
    if (!starts(">")) return refuse("\">\" is missing");
    ++here_;
    return content(into, depth);
  }

  bool attributes(XmlElement& into) {
    for (skip_blanks(); here_ < text_.size() && is_name(text_[here_]); skip_blanks()) {
      auto const key = name();
      skip_blanks();
      if (!starts("=")) return refuse("an attribute has no value");
      ++here_;
      skip_blanks();
      char const quote = here_ < text_.size() ? text_[here_] : ' ';
      if (quote != '"' && quote != '\'') return refuse("an attribute's value has no quotes");
      auto const begin = ++here_;
      if (!skip_past(std::string_view(&quote, 1))) return false;
      if (key == "id") into.id = decoded(text_.substr(begin, here_ - 1 - begin));
    }
    return true;
  }

  bool content(XmlElement& into, int depth) {
    std::string text;
    while (here_ < text_.size()) {
      if (starts("</")) {
        here_ += 2;
        if (name() != into.name) return refuse(fmt::format("<{}> is closed by another name", printable(into.name)));
        skip_blanks();
        if (!starts(">")) return refuse("\">\" is missing");
        ++here_;
        into.text = trimmed(decoded(text));
        return true;
      }
      if (starts("<!") || starts("<?")) {
        if (!skip_between()) return false;
      } else if (starts("<")) {
        if (!element(into.children.emplace_back(), depth + 1)) return false;
      } else {
        text += text_[here_++];
      }
    }
    return refuse(fmt::format("<{}> is not closed", printable(into.name)));
  }

  std::string_view text_;
  std::string& fault_;
  std::size_t here_ = 0;
  int elements_ = 0;
};

}  // namespace

XmlElement const* XmlElement::find(std::string_view child) const {
  auto const found = std::find_if(children.begin(), children.end(), [child](auto const& c) { return c.name == child; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::at(std::string_view path) const {
  auto const slash = path.find('/');
  auto const* const child = find(path.substr(0, slash));
  if (child == nullptr) return {};
  return slash == std::string_view::npos ? std::string_view(child->text) : child->at(path.substr(slash + 1));
}

std::optional<XmlElement> parse_xml(std::string_view text, std::string& fault) {
  fault.clear();
  return XmlParser(text, fault).document();
}

}  // namespace muster::topology
