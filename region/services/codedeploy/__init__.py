"""CodeDeploy in the local region: `patches` take the calls, `controller` carries deployments out.

One deployment from call to end, module by module: `docs/architecture.md`, "The path of one
`CreateDeployment`". Calls are in `<area>_patches`, what they check in `<area>_checks`.
"""
