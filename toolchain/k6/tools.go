//go:build toolchain

// Package toolchain pins k6 as a Go module, for machines that have none on PATH.
package toolchain

import _ "go.k6.io/k6"
