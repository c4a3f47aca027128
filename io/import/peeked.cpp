#include "io/import/peeked.hpp"

#include <algorithm>
#include <cstring>

namespace muster::io {

Peeked::Peeked(TextSource& source) : source_(source), head_(4096, '\0') {
  std::size_t size = 0, got = 0;
  do {
    got = source_.read({head_.data() + size, head_.size() - size});
    size += got;
  } while (got > 0 && size < head_.size());
  head_.resize(size);
}

std::size_t Peeked::read(std::span<char> into) {
  if (given_ == head_.size()) return source_.read(into);
  std::size_t const n = std::min(into.size(), head_.size() - given_);
  std::memcpy(into.data(), head_.data() + given_, n);
  given_ += n;
  return n;
}

bool looks_like_json(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  std::size_t const first = head.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (head[first] == '{' || head[first] == '[');
}

}  // namespace muster::io
