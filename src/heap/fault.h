/* fault.h: telling the user what an audit found.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_HEAP_FAULT_H
#define HMM_HEAP_FAULT_H

#include "control.h"

HMM_INTERNAL void call_fault_handler(void (*handler)(void *, const hmm_fault *), void *context, const hmm_fault *fault) {
    if (handler != NULL)
        handler(context, fault);
    else if (HMM_HOSTED)
        hmm_fault_abort(context, fault);
    else
        HMM_TRAP();
}

/* Reports a fault to the heap's handler. Returns the code, when the handler returns. A handler in a control block that was
 * overwritten is not called, but the default one. */
HMM_OUTLINE int report(const struct HMM_HEAP *heap, hmm_result code, const void *address, const char *text) {
    const hmm_fault fault = {code, address, text};
    void (*handler)(void *, const hmm_fault *) = heap->seal == control_seal(heap) ? heap->on_fault : NULL;
    void *context = heap->context;
    hmm_memory_leave();
    call_fault_handler(handler, context, &fault);
    hmm_memory_enter();
    return (int)code;
}

/* Whether the control block says where everything is. */
HMM_INTERNAL int audit_bounds(const struct HMM_HEAP *heap) {
    return HMM_UNLIKELY(!bounds_are_sound(heap)) ? report(heap, HMM_FAULT_CONTROL, heap, "the control block was overwritten")
                                                 : HMM_OK;
}

/* For functions that do not call the handler: the fault goes to the caller. fault may be NULL. */
HMM_OUTLINE int found(hmm_fault *fault, hmm_result code, const void *address, const char *text) {
    if (fault != NULL) {
        fault->code = code;
        fault->address = address;
        fault->text = text;
    }
    return (int)code;
}

#endif
