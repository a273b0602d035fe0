"""What a shell completes, asked of bash itself."""

import shutil
import subprocess
import sys

import pytest
from small_run import ROOT, run_command

ASK = """
source {script}
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_shtab_mnist_softmax
echo "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The completion for bash, in a file."""
    pytest.importorskip("shtab")
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    result = run_command("--print-completion", "bash")
    assert result.returncode == 0, result.stderr
    path = tmp_path_factory.mktemp("completion") / "mnist-softmax.bash"
    path.write_text(result.stdout)
    return path


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("mnist-softmax repr", {"reproduce"}),
        ("mnist-softmax train --re", {"--resume"}),
        ("mnist-softmax train --config loglik_", {"loglik_sigmoid", "loglik_wrong_gradient"}),
        ("mnist-softmax compare quad", {"quadratic"}),
        ("mnist-softmax configs book/ch5_init", {"book/ch5_initial_gradient"}),
        ("mnist-softmax export --format s", {"safetensors"}),
    ],
)
def test_bash_completes_commands_options_and_names(script, tmp_path, words, completed):
    ask = ASK.format(script=script, words=words)
    result = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, cwd=tmp_path)
    assert set(result.stdout.split()) == completed, result.stderr


def test_a_script_for_zsh_is_one_that_zsh_knows():
    pytest.importorskip("shtab")
    assert run_command("--print-completion", "zsh").stdout.startswith("#compdef mnist-softmax\n")


def test_without_shtab_one_line_says_what_to_install():
    code = (
        "import sys; sys.modules['shtab'] = None\n"
        "from mnist_softmax.cli import main\n"
        "sys.exit(main(['--print-completion', 'bash']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert line.endswith("pip install 'mnist-softmax[completion]'")
