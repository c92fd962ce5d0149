#include "mm/fault_decision.h"

namespace quire::mm {

const char* fault_action_name(FaultAction action) {
    switch (action) {
    case FaultAction::Retry:
        return "Retry";
    case FaultAction::MapZeroFrame:
        return "MapZeroFrame";
    case FaultAction::FillWithZeros:
        return "FillWithZeros";
    case FaultAction::MapObjectPage:
        return "MapObjectPage";
    case FaultAction::MapCachedSlot:
        return "MapCachedSlot";
    case FaultAction::CopyPage:
        return "CopyPage";
    case FaultAction::TakeOverPage:
        return "TakeOverPage";
    case FaultAction::MakeWritable:
        return "MakeWritable";
    case FaultAction::FetchObjectPage:
        return "FetchObjectPage";
    case FaultAction::SwapIn:
        return "SwapIn";
    case FaultAction::ForgetSwapCopy:
        return "ForgetSwapCopy";
    case FaultAction::UnshareTable:
        return "UnshareTable";
    case FaultAction::TakeOverTable:
        return "TakeOverTable";
    case FaultAction::GrowStack:
        return "GrowStack";
    case FaultAction::SegvMapErr:
        return "SegvMapErr";
    case FaultAction::SegvAccErr:
        return "SegvAccErr";
    case FaultAction::BusError:
        return "BusError";
    case FaultAction::KernelBug:
        return "KernelBug";
    }
    return "?";
}

}  // namespace quire::mm
