// What the replay of the model test and its puppets say to each other (tests/guest/model/puppet.c).
//
//     replay --PuppetBatch----> pipe kPuppetCommands + 2n --> puppet n
//            <--PuppetAnswers-- pipe kPuppetAnswers + 2n <--'    (after Show and Residence: bytes)
//
// A puppet has nothing but its zone: pages at the very bottom of user space, where scripts do not
// go. Everything else of its address space is the script's.
#pragma once

#include <stdint.h>

enum {
    kPuppetZone = 0x10000,       // puppet.ld
    kPuppetZoneEnd = 0x18000,    // puppet.ld
    kPuppetBreak = 0xBF7E8000U,  // puppet.ld: where the break begins
    kPuppetTop = 0xC0000000U,
    kPuppetMostCommands = 8,
    kPuppetMostPages = 4096,  // Residence: as many answers there is room for
};

// Descriptors: of puppet n, and of what can be mapped.
enum {
    kPuppetCommands = 40,
    kPuppetAnswers = 41,
    kPuppetPipe = 52,   // and 53: a pipe of its own, to have the kernel load and store
    kPuppetFiles = 60,  // three of each file: read and write, read only, write only
};

enum PuppetAction {
    kPuppetCall,         // arguments: number, and six for the system call
    kPuppetLoad,         // address, size, 0, whether the kernel is to do it
    kPuppetStore,        // address, size, value, whether the kernel is to do it
    kPuppetPrefetch,     // address
    kPuppetFork,         // number of the new puppet; answer: its pid
    kPuppetResidence,    // address, size; pages follow if the result is 0
    kPuppetShow,         // address of a page, which follows if the result is 0
    kPuppetShowByChild,  // the same, if it may not be read: a child makes it readable for itself
    kPuppetExit,
};

struct PuppetCommand {
    uint32_t action;
    uint32_t arguments[7];
};

// Some commands at once: nobody else runs between them, so that the CPU's TLB is what the one
// before has left. Those that bytes follow come alone.
struct PuppetBatch {
    uint32_t count;
    struct PuppetCommand commands[kPuppetMostCommands];
};

struct PuppetAnswer {
    int32_t result;  // of a system call
    uint32_t value;  // of a load
    uint32_t signal, code, address;
};
