// Every tool has one; the C library's start calls it. (To a freestanding compiler its name means
// nothing.)
#pragma once

extern "C" int main(int argc, char** argv);
