/**
 * Checks a folder with playpen-ls and publishes the findings with the plug-in Warnings Next Generation.
 *
 *     playpenCheck()
 *     playpenCheck(dir: 'services/orders', paths: ['.'], baseline: 'playpen-baseline.json', changed: 'origin/main')
 *
 * dir        the folder to check, relative to the workspace
 * paths      files and folders in it, by default all
 * baseline   findings in this file do not count
 * changed    only findings on lines that differ from where the branch left this revision
 * arguments  further options of `playpen-ls check`
 * gates      quality gates of `recordIssues`, by default one new finding fails the build
 * command    the program, by default `playpen-ls`
 *
 * Returns the exit status: 0 without findings that count, 1 with some. If not everything could be checked, the build
 * fails after the report was published.
 */
int call(Map options = [:]) {
    String report = 'playpen-ls.sarif'
    List words = [options.command ?: 'playpen-ls', 'check', '--format', 'concise', '--format', 'sarif=' + report]
    if (options.baseline) {
        words += ['--baseline', options.baseline]
    }
    if (options.changed) {
        words += ['--changed=' + options.changed]
    }
    words += options.arguments ?: []
    words += ['--']
    words += options.paths ?: ['.']
    String script = ''
    for (int at = 0; at < words.size(); at++) {
        script += quoted(words[at].toString()) + ' '
    }
    int status = 2
    dir(options.dir ?: '.') {
        status = sh(script: script, returnStatus: true, label: 'playpen-ls check')
        publish(report, options.gates == null ? [[threshold: 1, type: 'NEW', criticality: 'FAILURE']] : options.gates)
    }
    if (status > 1) {
        error('playpen-ls did not check everything (exit status ' + status + '); see the log above')
    }
    return status
}

/** A word for the shell. */
private String quoted(String word) {
    return "'" + word.replace("'", "'\\''") + "'"
}

private void publish(String report, List gates) {
    try {
        recordIssues(
            enabledForFailure: true,
            qualityGates: gates,
            tool: sarif(id: 'playpen-ls', name: 'playpen-ls', pattern: report)
        )
    } catch (NoSuchMethodError missing) {
        error('playpenCheck publishes with recordIssues: install the plug-in warnings-ng')
    }
}
