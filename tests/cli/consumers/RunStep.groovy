// Runs vars/playpenCheck.groovy with stand-ins for the steps of Jenkins, and prints what they were called with as JSON.
import groovy.json.JsonOutput

def (step, options, status, plugin) = [args[0], new groovy.json.JsonSlurper().parseText(args[1]), args[2] as int, args[3]]
def calls = []
def binding = new Binding([
    dir: { String name, Closure body -> calls << [dir: name]; body() },
    sh: { Map it -> calls << [sh: it]; status },
    sarif: { Map it -> it },
    error: { String it -> calls << [error: it]; throw new RuntimeException(it) },
])
if (plugin == 'warnings-ng') {
    binding.recordIssues = { Map it -> calls << [recordIssues: it] }
} else {
    binding.recordIssues = { Map it -> throw new NoSuchMethodError("No such DSL method 'recordIssues'") }
}
def script = new GroovyShell(binding).parse(new File(step))
try {
    calls << [returned: script.call(options)]
} catch (RuntimeException failed) {
    calls << [failed: failed.message]
}
println JsonOutput.toJson(calls)
