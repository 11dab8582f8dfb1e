// k6 with what haproof adds to it: an executor that starts users at planned moments
// (executor "planned-arrivals"), and a JavaScript module that sends and records (k6/x/haproof).
//
// Extensions of k6 are packages that register themselves, as xk6 (https://github.com/grafana/xk6)
// would generate it.
package main

import (
	"go.k6.io/k6/cmd"

	_ "haproof/toolchain/k6/arrivals"
	_ "haproof/toolchain/k6/user"
)

func main() {
	cmd.Execute()
}
