/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TENKEN_TESTS_KNOWN_FORMS_H
#define TENKEN_TESTS_KNOWN_FORMS_H

#include "identity/login_forms.h"

/* probes/data/login-forms.yaml, read once: of TENKEN_DATA, else of the tree that the test was built from. */
const struct login_forms *known_forms(void);

#endif
