#include "user/sh/variables.h"

#include <new>

namespace quire::shell {

std::size_t Variables::bucket_of(std::string_view name) {
    std::uint32_t hash = 0;
    for (const char c : name)
        hash = hash * 31 + static_cast<unsigned char>(c);
    return hash % 64;
}

Variable* Variables::lookup(std::string_view name) const {
    Variable* variable = buckets_[bucket_of(name)];
    while (variable != nullptr && std::string_view(variable->name, variable->name_size) != name)
        variable = variable->next;
    return variable;
}

Variable& Variables::get(std::string_view name) {
    if (Variable* const found = lookup(name)) return *found;
    char* const copy = store_.copy(name);
    Variable*& bucket = buckets_[bucket_of(name)];
    bucket = new (store_.take(sizeof(Variable)))
        Variable{bucket, copy, nullptr, name.size(), 0, false, false};
    return *bucket;
}

std::optional<std::string_view> Variables::find(std::string_view name) const {
    const Variable* const found = lookup(name);
    if (found == nullptr || found->text == nullptr) return std::nullopt;
    return found->value();
}

bool Variables::set(std::string_view name, std::string_view value) {
    Variable& variable = get(name);
    if (variable.read_only) return false;
    char* const text = store_.copy(name, "=", value);
    store_.give(variable.text);
    variable.text = text;
    variable.value_size = value.size();
    return true;
}

bool Variables::is_read_only(std::string_view name) const {
    const Variable* const found = lookup(name);
    return found != nullptr && found->read_only;
}

/// The node stays: hidden values may belong to it.
bool Variables::remove(std::string_view name) {
    Variable* const variable = lookup(name);
    if (variable == nullptr) return true;
    if (variable->read_only) return false;
    store_.give(variable->text);
    variable->text = nullptr;
    variable->exported = false;
    return true;
}

void Variables::hide(std::string_view name) {
    Variable& variable = get(name);
    char* const text =
        variable.text == nullptr ? nullptr : store_.copy(name, "=", variable.value());
    hidden_ = new (store_.take(sizeof(Hidden))) Hidden{hidden_, variable};
    variable.text = text;
    ++hidden_count_;
}

void Variables::restore_to(std::size_t count) {
    while (hidden_count_ > count) {
        Hidden* const hidden = hidden_;
        Variable* const variable = lookup({hidden->variable.name, hidden->variable.name_size});
        store_.give(variable->text);
        variable->text = hidden->variable.text;
        variable->value_size = hidden->variable.value_size;
        variable->exported = hidden->variable.exported;
        variable->read_only = hidden->variable.read_only;
        hidden_ = hidden->next;
        --hidden_count_;
        store_.give(hidden);
    }
}

}  // namespace quire::shell
