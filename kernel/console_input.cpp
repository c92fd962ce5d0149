#include "kernel/console_input.h"

namespace quire::kernel {

ConsoleInput::ConsoleInput(Console& console, Threads& threads)
    : console_(console), threads_(threads) {
    threads.deferred().attach(
        Note::Input, [](void* self) { static_cast<ConsoleInput*>(self)->take(); }, this);
    take();  // what was typed so far
}

void ConsoleInput::give_to(Receiver receiver, void* context) {
    receiver_ = receiver;
    context_ = context;
    monitor_has_it_ = false;
}

void ConsoleInput::take() {
    char byte = 0;
    while (console_.read(byte)) {
        if (monitor_has_it_) {
            (void)ring_.push(byte);  // what nobody reads is lost
        } else if (byte == kMonitorKey) {
            monitor_has_it_ = true;
        } else {
            receiver_(context_, byte);
        }
    }
    if (monitor_has_it_) monitor_.wake_all();
}

char ConsoleInput::read_for_monitor() {
    char byte = 0;
    threads_.wait_on(monitor_, [&] { return ring_.pop(byte); });
    return byte;
}

void ConsoleInput::wait_for_monitor_key() {
    threads_.wait_on(monitor_, [this] { return monitor_has_it_; });
}

}  // namespace quire::kernel
