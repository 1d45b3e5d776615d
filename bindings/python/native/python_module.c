/* SPDX-License-Identifier: Apache-2.0
 *
 * The module tarn._tarn. One a process: sub-interpreters share no types, so a second one is refused.
 */
#include "bindings/python/native/python_module.h"

PyMODINIT_FUNC PyInit__tarn(void);

PyMODINIT_FUNC PyInit__tarn(void)
{
    static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "tarn._tarn", "The C part of tarn.", -1, NULL, NULL, NULL, NULL, NULL};
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) {
        return NULL;
    }
    if (errors_init(module) != 0 || values_init() != 0 || world_init(module) != 0 || schema_init(module) != 0 || rows_init(module) != 0 ||
        table_init(module) != 0 || write_init(module) != 0 || PyModule_AddStringConstant(module, "version", tarn_version()) != 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
