//go:build toolchain

// Package toolchain pins actionlint, the checker of .github/workflows, as a Go module.
package toolchain

import _ "github.com/rhysd/actionlint/cmd/actionlint"
