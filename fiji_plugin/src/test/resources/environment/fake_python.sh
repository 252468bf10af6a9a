#!/bin/sh
# A Python that makes environments in no time. The file @MODE@ tells how it behaves.
mode=$(cat '@MODE@')
case "$1 $2" in
  "-c "*importlib.util*)
    echo "drua 3 12 4 1 1"
    echo "$0"
    ;;
  "-c "*importlib.metadata*)
    [ "$mode" = bare ] && exit 1
    echo 1.0.0
    ;;
  "-c "*drua.cli*)
    case "$2" in "import torch"*)
      [ "$mode" = torchless ] && echo "ModuleNotFoundError: No module named 'torch'" && exit 1;;
    esac
    [ "$mode" = useless ] && echo "ImportError: no libfoo" && exit 1
    echo "a library says hello"
    echo '{"python_version": "3.12.4", "versions": {"drua": "1.0.0", "numpy": "2.0.0"}, "devices": [{"device": "cpu", "error": null, "megapixels_per_second": 7.5}, {"device": "cuda:0", "error": "no driver"}]}'
    ;;
  "-m drua.leash")
    [ -n "$PYTHONPATH" ] || exit 9
    shift 2
    exec "$@"
    ;;
  "-u -m") # the engine, which it does not have
    exit 7
    ;;
  "-m venv")
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    ;;
  "-m pip")
    echo "$@" >> '@CALLS@'
    echo "Collecting numpy==2.0.0"
    echo "  Downloading numpy-2.0.0-cp312-cp312-manylinux.whl (20.0 MB)"
    echo "Progress 5000000 of 20000000"
    if [ "$mode" = slow ]; then
      echo "$$" > '@MODE@.pid'
      cat > /dev/null
      exit 1
    fi
    [ "$mode" = offline ] && echo "ERROR: No matching distribution found for numpy==2.0.0" && exit 1
    echo "Installing collected packages: numpy, drua"
    echo "Successfully installed numpy-2.0.0 drua-1.0.0"
    ;;
esac
