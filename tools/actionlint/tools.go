//go:build tools

// Package tools pins actionlint, the checker of .github/workflows, as a Go module.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
